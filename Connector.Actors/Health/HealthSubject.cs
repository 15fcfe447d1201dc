using Connector.Actors.Group;
using Connector.Protocol.Ids;

namespace Connector.Actors.Health;

/// <summary>Whose health is collected.</summary>
internal sealed record HealthSubject(ReplicaId ReplicaId, ConnectorId ConnectorId, BootId BootId, string Version)
{
    public RunningStreams Streams { get; init; } = new();

    /// <summary>Until the group says otherwise.</summary>
    public GroupRole Role { get; init; } = GroupRole.Lone;

    /// <summary>How long streams may go on after a request to stop.</summary>
    public TimeSpan DrainTimeout { get; init; }
}
