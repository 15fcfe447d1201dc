using System.Text;

namespace Connector.Benchmarks.Trials.Streams;

/// <summary>Why streams were lost, the most frequent reasons first.</summary>
internal static class FailureList
{
    private const int Most = 10;
    private const int LongestReason = 240;

    public static string Markdown(IReadOnlyCollection<StreamOutcome> failures)
    {
        var text = new StringBuilder();
        foreach (var reason in failures.GroupBy(failure => (failure.End, failure.Reason)).OrderByDescending(group => group.Count()).Take(Most))
        {
            var said = reason.Key.Reason.ReplaceLineEndings(" ");
            text.AppendLine(System.Globalization.CultureInfo.InvariantCulture, $"- {reason.Count()} {reason.Key.End}: {said[..Math.Min(LongestReason, said.Length)]}");
        }

        return text.ToString();
    }
}
