using System.Globalization;
using System.Text;

namespace Connector.Benchmarks.Trials.Cuts;

/// <summary>What each kind of cut did, as Markdown.</summary>
internal static class CutTable
{
    public static string Markdown(IReadOnlyCollection<CutResult> results)
    {
        var text = new StringBuilder();
        text.AppendLine("| Cut | times | longest cut | streams lost | longest stall | stall minus cut | stall minus time without a path |");
        text.AppendLine("|---|---:|---:|---:|---:|---:|---:|");
        foreach (var kind in results.GroupBy(result => result.Cut.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal))
        {
            var worst = kind.MaxBy(result => result.Stall)!;
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {kind.Key} | {kind.Count()} | {TrialReport.Seconds(kind.Max(r => r.Cut.Length))} | {kind.Sum(r => r.Lost)} | {TrialReport.Seconds(worst.Stall)} ({worst.Stalled}) | {TrialReport.Seconds(kind.Max(r => r.BeyondCut))} | {TrialReport.Seconds(kind.Max(r => r.BeyondPath))} |");
        }

        return text.ToString();
    }
}
