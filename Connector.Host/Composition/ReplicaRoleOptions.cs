using System.Net;
using Connector.Host.Configuration;
using Connector.Host.State;

namespace Connector.Host.Composition;

/// <summary>All that a replica is told. The state directory belongs to the caller and outlives the role.</summary>
/// <param name="Settings">Its <c>Health</c> is overridden by <paramref name="Health"/>.</param>
/// <param name="Health">Null when switched off; port 0 lets the system choose.</param>
public sealed record ReplicaRoleOptions(ConnectorSettings Settings, StateDirectory State, IPEndPoint? Health)
{
    /// <summary>Called once when the replica drains and has given up the state directory and its ports: a successor may be there already.</summary>
    public Action? HandedOver { get; init; }
}
