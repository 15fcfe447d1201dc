using System.Text.Json.Nodes;

namespace Connector.Benchmarks.Trials.Upstream;

/// <summary>
/// Reads the upstream lamp in the answer of <c>GET /socket/{id}</c>: <c>status.replicas[].upstream.state</c> (or <c>lamps.upstream.state</c>): on, off or
/// unknown. Of several replicas one that is on is enough.
/// </summary>
internal static class UpstreamLamp
{
    /// <summary>Null when no replica has such a lamp, or none knows.</summary>
    public static bool? Read(JsonNode socket)
    {
        var lamps = (socket["status"]?["replicas"] as JsonArray ?? [])
            .Select(replica => Lamp(replica?["upstream"] ?? replica?["lamps"]?["upstream"]))
            .Where(lamp => lamp is not null)
            .ToArray();
        return lamps.Length == 0 ? null : lamps.Any(lamp => lamp == true);
    }

    private static bool? Lamp(JsonNode? lamp) => lamp?["state"]?.ToString() switch
    {
        "on" => true,
        "off" => false,
        _ => null,
    };
}
