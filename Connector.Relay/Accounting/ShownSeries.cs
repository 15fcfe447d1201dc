using System.Collections.Immutable;

namespace Connector.Relay.Accounting;

/// <summary>What of our meters leaves the process as Prometheus text, at the server's metrics endpoint and at the replica's.</summary>
public static class ShownSeries
{
    /// <summary>Of one instrument; what is beyond is summed under otel_metric_overflow. The largest has two tags of eight names each.</summary>
    public const int Most = 128;

    /// <summary>Others are summed over: what is tagged with a socket, of which there may be 10,000, stays for listeners in the process.</summary>
    public static readonly ImmutableArray<string> Tags = ["end", "direction", "outcome", "code", "kind", "reason", "ended_by", "lamp", "state", "limit"];

    /// <summary>Meters of ours are shown by <see cref="Tags"/>; those of the runtime as they are.</summary>
    public static bool IsOurs(string meterName) => meterName.StartsWith("Connector.", StringComparison.Ordinal);
}
