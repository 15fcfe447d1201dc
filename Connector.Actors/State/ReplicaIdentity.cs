using Connector.Protocol.Ids;

namespace Connector.Actors.State;

/// <summary>Whose state is kept. What a state file holds of anybody else is of no use here.</summary>
/// <param name="Key">Of the key that tickets are made out for.</param>
internal sealed record ReplicaIdentity(ConnectorId ConnectorId, ReplicaId ReplicaId, KeyThumbprint Key);
