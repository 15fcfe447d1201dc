using Connector.Protocol.Ids;

namespace Connector.Server.Store;

/// <summary>A claim came from a group system that was removed from its group.</summary>
public sealed class RemovedFromGroupException(ConnectorId connectorId, GroupBootId claimer, GroupRecord stored)
    : Exception($"connector {connectorId}: {claimer} was removed from the group, which is at generation {stored.Generation}")
{
    public GroupRecord Stored { get; } = stored;
}
