using System.Text.Json;
using Connector.Server.Store.Database;

namespace Connector.Server.Api;

/// <param name="Status">Null while no replica has reported any.</param>
/// <param name="Scans">The last of each discoverer.</param>
internal sealed record PluginAnswer(
    string? Id, string? ConnectorId, string? Name, bool Enabled, string PluginType, JsonElement Configuration, DateTime? CreatedAt, DateTime? UpdatedAt,
    PluginStatusAnswer? Status, IReadOnlyList<ScanAnswer>? Scans)
{
    public static PluginAnswer Of(PluginRow row, PluginStatusAnswer? status, IReadOnlyList<DiscoveryScanRow> scans) => new(
        row.Id, row.ConnectorId, row.Name, row.Enabled, row.Type, ApiJson.Element(row.Configuration), ApiJson.Time(row.CreatedAt), ApiJson.Time(row.UpdatedAt),
        status, [.. scans.Select(ScanAnswer.Of)]);
}

/// <param name="State">idle, scanning, waiting (after a failure) or failed.</param>
internal sealed record PluginStatusAnswer(string State, string Reason, string ReplicaId);

/// <param name="CompletedAt">Of the last scan without an error.</param>
/// <param name="Held">Resources that were not found any more and wait for a review.</param>
internal sealed record ScanAnswer(
    string DiscoveryId, DateTime StartedAt, DateTime EndedAt, DateTime? CompletedAt, int Found, IReadOnlyList<string> Errors, IReadOnlyList<string> Gaps,
    IReadOnlyList<string> Warnings, int Held)
{
    public static ScanAnswer Of(DiscoveryScanRow row) => new(
        row.DiscoveryId, ApiJson.Time(row.StartedAt), ApiJson.Time(row.EndedAt), ApiJson.Time(row.CompletedAt), row.Found, Texts(row.Errors), Texts(row.Gaps), Texts(row.Warnings),
        row.Held);

    private static string[] Texts(string json) => JsonSerializer.Deserialize<string[]>(json) ?? [];
}
