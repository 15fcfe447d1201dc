using System.Globalization;

namespace Connector.Benchmarks.Trials.Cuts;

/// <summary>What a replica's metrics say of streams that went on over another lane.</summary>
internal static class ResumeCount
{
    /// <param name="metrics">Prometheus text.</param>
    /// <returns>In words, for a report.</returns>
    public static string Describe(string metrics)
        => $"{Sum(metrics, "connector_relay_streams_resumed").ToString("0", CultureInfo.InvariantCulture)} streams, "
            + $"{(Sum(metrics, "connector_relay_resent") / 1e6).ToString("0.0", CultureInfo.InvariantCulture)} MB sent again by the replica";

    private static double Sum(string metrics, string name) => metrics.Split('\n')
        .Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Select(line => line.Split(' '))
        .Where(parts => parts.Length > 1)
        .Sum(parts => double.Parse(parts[1], CultureInfo.InvariantCulture));
}
