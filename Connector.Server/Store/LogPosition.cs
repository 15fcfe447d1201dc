using Connector.Protocol.Ids;

namespace Connector.Server.Store;

/// <summary>The number of a log batch within one process of a replica.</summary>
/// <param name="Sequence">From 1 up, one more with each batch of the boot.</param>
public sealed record LogPosition(ReplicaId ReplicaId, BootId BootId, long Sequence);
