using System.Globalization;
using System.Text;

namespace Connector.Benchmarks.Trials.Groups;

/// <summary>What was noticed of each event, as Markdown.</summary>
internal static class GroupTable
{
    public static string Markdown(IEnumerable<GroupResult> results)
    {
        var text = new StringBuilder();
        text.AppendLine("| Event | lasted | new connections | failed | with their edge or replica | slowest | streams lost | with their edge or replica | whole again after | control sessions opened | |");
        text.AppendLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|");
        foreach (var result in results)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {result.Name} | {TrialReport.Seconds(result.Lasted)} | {result.Opens} | {result.Failed} | {result.Excused} | {TrialReport.Seconds(result.Slowest)} | {result.Lost} | {result.Expected} | {(result.WholeAfter is { } after ? TrialReport.Seconds(after) : "**never**")} | {result.Sessions} | {result.Remark} |");
        }

        return text.ToString();
    }
}
