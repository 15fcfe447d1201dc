using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Connector.Host.Drill;

/// <summary>The connector as the control plane sees it at one moment.</summary>
/// <param name="At">Since the drill began.</param>
/// <param name="Leader">Id of the replica that holds the control session.</param>
internal sealed record ControlSample(TimeSpan At, string State, long Epoch, string? Leader, ImmutableArray<ControlSample.Replica> Replicas)
{
    public bool Online => State == "online";

    /// <summary>Whether the control plane knew it at all.</summary>
    public bool Known => State != "unknown";

    /// <summary>One process of a replica. A restarted one is another.</summary>
    internal sealed record Replica(string Id, string BootId, int Lanes, bool Draining, string? Role = null, int Streams = 0);

    /// <summary>Null when the answer is of another shape.</summary>
    public static ControlSample? Read(TimeSpan at, JsonNode? answer)
    {
        try
        {
            return answer?["session"] is { } session
                ? new ControlSample(
                    at,
                    (string?)session["state"] ?? "unknown",
                    (long?)session["epoch"] ?? 0,
                    (string?)session["leader"],
                    [
                        .. (answer["replicas"] as JsonArray ?? []).OfType<JsonObject>().Select(static replica => new Replica(
                            (string?)replica["id"] ?? "", (string?)replica["boot_id"] ?? "", (int?)replica["lanes"] ?? 0, (bool?)replica["draining"] ?? false,
                            (string?)replica["role"], (int?)replica["live_streams"] ?? 0)),
                    ])
                : null;
        }
        catch (Exception wrong) when (wrong is InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    /// <summary>The process of a replica that has lanes now; null when none has.</summary>
    public string? BootOf(string replicaId) => Replicas.Where(replica => replica.Id == replicaId && replica.Lanes > 0).Select(static replica => replica.BootId).LastOrDefault();

    /// <summary>Whether new streams may still be given to that process.</summary>
    public bool Offers(string replicaId, string bootId) => Replicas.Any(replica => replica.Id == replicaId && replica.BootId == bootId && replica is { Lanes: > 0, Draining: false });
}
