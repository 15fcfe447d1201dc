using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Connector.Host.Discovery;

/// <summary>Scans for programs.</summary>
internal static class ScanJson
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Render(IEnumerable<ScannedSource> scans)
        => new JsonArray([.. scans.Select(static scan => (JsonNode)new JsonObject
        {
            ["discovery_id"] = scan.DiscoveryId,
            ["took_seconds"] = Math.Round(scan.Took.TotalSeconds, 3),
            ["resources"] = new JsonArray([.. (scan.Found?.Resources ?? []).Select(static resource => resource.ToJson())]),
            ["errors"] = Texts(scan.Failure is { } failure ? [failure] : []),
            ["gaps"] = Texts(scan.Found?.Gaps ?? []),
            ["warnings"] = Texts(scan.Found?.Warnings ?? []),
        })]).ToJsonString(Readable) + "\n";

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(static text => JsonValue.Create(text))]);
}
