using System.Text.Json;
using Connector.Server.Store;

namespace Connector.Server.Api;

/// <param name="Session">Only in the answer for one connector, as <paramref name="Replicas"/>.</param>
internal sealed record ConnectorAnswer(
    string ConnectorId, string Name, string Description, bool BuiltInSshServiceEnabled, JsonElement? BuiltInSshServiceConfiguration, int ActiveTokens,
    JsonElement? Metadata, DateTime CreatedAt, DateTime UpdatedAt, DateTime? LastSeenAt, SessionAnswer? Session, IReadOnlyList<ReplicaAnswer>? Replicas)
{
    public static ConnectorAnswer Of(ConnectorCatalog.Entry entry)
    {
        var row = entry.Connector;
        return new ConnectorAnswer(
            row.Id, row.Name, row.Description, row.BuiltInSshServiceEnabled,
            row.BuiltInSshServiceConfiguration is { } configuration ? ApiJson.Element(configuration) : null,
            entry.ActiveTokens,
            row.Metadata is { } metadata ? ApiJson.Element(metadata) : null,
            ApiJson.Time(row.CreatedAt), ApiJson.Time(row.UpdatedAt), ApiJson.Time(row.LastSeenAt), null, null);
    }
}
