using Connector.Protocol.Ids;

namespace Connector.Server.Store;

/// <summary>A decision was made from a generation that is not the stored one.</summary>
public sealed class StaleGenerationException(ConnectorId connectorId, GroupRecord stored, long given)
    : Exception($"connector {connectorId}: generation {given} of its group is stale, the store has {stored.Generation}")
{
    public GroupRecord Stored { get; } = stored;
}
