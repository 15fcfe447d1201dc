using System.Text.Json;
using Connector.Server.Store.Database;

namespace Connector.Server.Api;

/// <param name="Resource">resource_type and the details, as the discoverer reported them.</param>
/// <param name="MissedScans">Complete scans without it since it was seen last.</param>
internal sealed record DiscoveredResourceAnswer(
    string Id, string PluginId, string DiscoveryId, string ResourceType, string Name, JsonElement Resource, DateTime FirstSeenAt, DateTime LastSeenAt, DateTime ChangedAt,
    int MissedScans)
{
    public static DiscoveredResourceAnswer Of(DiscoveredResourceRow row) => new(
        row.Id, row.PluginId, row.DiscoveryId, row.Type, row.Name, ApiJson.Element(row.Resource), ApiJson.Time(row.FirstSeenAt), ApiJson.Time(row.LastSeenAt),
        ApiJson.Time(row.ChangedAt), row.MissedScans);
}

/// <param name="Kind">found, changed or gone.</param>
/// <param name="Keys">Of the details that changed.</param>
internal sealed record DiscoveredChangeAnswer(long Id, string ResourceId, string Name, DateTime At, string Kind, IReadOnlyList<string> Keys, JsonElement Resource)
{
    public static DiscoveredChangeAnswer Of(DiscoveredChangeRow row) => new(
        row.Id, row.ResourceId, row.Name, ApiJson.Time(row.At), row.Kind, row.Keys.Split(' ', StringSplitOptions.RemoveEmptyEntries), ApiJson.Element(row.Resource));
}
