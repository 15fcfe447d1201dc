using System.Globalization;
using System.Text;

namespace Connector.Benchmarks.Comparison;

/// <summary>The medians and their ratios as Markdown.</summary>
internal static class ComparisonTable
{
    private static readonly (string Title, string Format, Func<Sample, double> Value)[] Columns =
    [
        ("1 stream down GB/s", "0.00", s => s.DownloadOne),
        ("1 stream up GB/s", "0.00", s => s.UploadOne),
        ("16 streams down GB/s", "0.00", s => s.DownloadSixteen),
        ("16 streams up GB/s", "0.00", s => s.UploadSixteen),
        ("64 B round trip p50 µs", "0", s => s.RoundTripP50),
        ("p99 µs", "0", s => s.RoundTripP99),
        ("new connections/s", "0", s => s.ConnectionsPerSecond),
        ("CPU s/GB", "0.00", s => s.CpuSecondsPerGigabyte),
        ("KiB/idle stream", "0.0", s => s.KibibytesPerIdleStream),
    ];

    /// <summary>One row per contender.</summary>
    public static string Medians(IReadOnlyList<(string Title, Sample Median)> rows)
        => Markdown("", rows.Select(row => (row.Title, Columns.Select(c => Number(c.Value(row.Median), c.Format)))));

    /// <summary>The subject's number divided by each other contender's.</summary>
    public static string Ratios(string subject, Sample numbers, IReadOnlyList<(string Title, Sample Median)> others)
        => Markdown(
            $"{subject} ÷",
            others.Select(row => (row.Title, Columns.Select(c => Number(c.Value(numbers) / c.Value(row.Median), "0.00")))));

    /// <summary>Each target of the connector: asked, limit, measured, met or not.</summary>
    /// <param name="medians">By contender key.</param>
    public static string Targets(Sample ours, IReadOnlyDictionary<string, Sample> medians)
    {
        var text = new StringBuilder();
        text.AppendLine("| Target | asked | limit | measured | |");
        text.AppendLine("|---|---|---:|---:|---|");
        foreach (var target in Target.All)
        {
            var result = target.Judge(ours, medians);
            text.AppendLine(CultureInfo.InvariantCulture, $"| {target.Measure} | {target.Asked} | {result.Limit} | {result.Measured} | {result.Verdict} |");
        }

        return text.ToString();
    }

    private static string Markdown(string corner, IEnumerable<(string Title, IEnumerable<string> Cells)> rows)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"| {corner} | {string.Join(" | ", Columns.Select(c => c.Title))} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"|---|{string.Concat(Columns.Select(_ => "---:|"))}");
        foreach (var (title, cells) in rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {title} | {string.Join(" | ", cells)} |");
        }

        return text.ToString();
    }

    private static string Number(double value, string format)
        => double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : "–";
}
