using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Connector.Benchmarks.Trials;

/// <summary>What a trial found: judged rows, rows for information, and whatever tables belong to them, as Markdown.</summary>
internal sealed class TrialReport(string name, TrialOptions options)
{
    private readonly List<(string Measure, string Limit, string Measured, bool? IsMet)> rows = [];
    private readonly List<string> appendices = [];

    public bool IsPassed => rows.Count > 0 && rows.All(row => row.IsMet != false);

    public void Judge(string measure, string limit, string measured, bool isMet) => rows.Add((measure, limit, measured, isMet));

    public void Note(string measure, string measured) => rows.Add((measure, "", measured, null));

    public void Append(string markdown) => appendices.Add(markdown);

    /// <summary>To standard error, at once.</summary>
    public static void Progress(string line) => Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {line}");

    public static string Seconds(TimeSpan span) => span.TotalSeconds.ToString("0.00 s", CultureInfo.InvariantCulture);

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"### trial {name}: {(IsPassed ? "passed" : "missed")}");
        text.AppendLine();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{DateTime.UtcNow:yyyy-MM-dd}; {options}; {Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}.");
        text.AppendLine();
        text.AppendLine("| Measure | limit | measured | |");
        text.AppendLine("|---|---|---|---|");
        foreach (var (measure, limit, measured, isMet) in rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {measure} | {limit} | {measured} | {(isMet is { } met ? met ? "met" : "**missed**" : "")} |");
        }

        foreach (var appendix in appendices)
        {
            text.AppendLine().AppendLine(appendix.TrimEnd());
        }

        return text.ToString();
    }
}
