using System.Text.Json.Nodes;

namespace Connector.Benchmarks.Trials.Upstream;

/// <summary>
/// Reads the upstream lamp in the answer of <c>GET /socket/{id}</c>: <c>status.replicas[].lamps.upstream</c>, either an object with <c>state</c> (or <c>on</c>), or the state itself; on, ok,
/// up, good, serving and true mean on.
/// </summary>
internal static class UpstreamLamp
{
    private static readonly string[] WordsForOn = ["on", "ok", "up", "good", "serving", "true"];

    /// <summary>Null when no replica has such a lamp.</summary>
    public static bool? Read(JsonNode socket)
    {
        var lamps = (socket["status"]?["replicas"] as JsonArray ?? [])
            .Select(replica => Lamp(replica?["lamps"] is JsonObject all ? all["upstream"] : null))
            .Where(lamp => lamp is not null)
            .ToArray();
        return lamps.Length == 0 ? null : lamps.Any(lamp => lamp == true);
    }

    private static bool? Lamp(JsonNode? lamp) => lamp switch
    {
        JsonObject map => Lamp(map["state"] ?? map["on"]),
        JsonValue value => WordsForOn.Contains(value.ToString(), StringComparer.OrdinalIgnoreCase),
        _ => null,
    };
}
