using System.Globalization;

namespace Connector.Benchmarks.Comparison;

/// <summary>One number that the connector has to reach, alone or beside another contender.</summary>
/// <param name="Beside">Key of the contender whose number is multiplied; null for an absolute target.</param>
internal sealed record Target(
    string Measure, string Asked, string Format, Func<Sample, double> Value, double Bound, bool AtLeast, string? Beside = null)
{
    public static IReadOnlyList<Target> All { get; } =
    [
        // The worse direction counts: a user gets whichever the service needs.
        new("1 stream GB/s, the slower direction", "≥ 0.6 × the stunnel pair's", "0.00", s => Math.Min(s.DownloadOne, s.UploadOne), 0.6, AtLeast: true, "stunnel"),
        new("64 B round trip p50 µs", "≤ 1.6 × the haproxy TLS pair's", "0", s => s.RoundTripP50, 1.6, AtLeast: false, "haproxy"),
        new("new connections/s", "≥ 1,000", "0", s => s.ConnectionsPerSecond, 1_000, AtLeast: true),
        new("KiB/idle stream, both ends together", "≤ 32", "0.0", s => s.KibibytesPerIdleStream, 32, AtLeast: false),
    ];

    /// <param name="medians">By contender key.</param>
    public TargetResult Judge(Sample ours, IReadOnlyDictionary<string, Sample> medians)
    {
        var measured = Value(ours);
        var limit = Beside is null ? Bound : medians.TryGetValue(Beside, out var other) ? Bound * Value(other) : double.NaN;
        if (!double.IsFinite(measured))
        {
            return new TargetResult("–", Number(limit), "not measured");
        }

        if (!double.IsFinite(limit))
        {
            return new TargetResult(Number(measured), "–", $"unknown: needs {Beside} in the same comparison");
        }

        var met = AtLeast ? measured >= limit : measured <= limit;

        // By how much it falls short, so that nobody has to compute it.
        return new TargetResult(Number(measured), Number(limit), met ? "met" : $"not met ({Times(measured / limit)} × the limit)");
    }

    private static string Times(double ratio) => ratio.ToString("0.00", CultureInfo.InvariantCulture);

    private string Number(double value) => double.IsFinite(value) ? value.ToString(Format, CultureInfo.InvariantCulture) : "–";
}
