using System.Globalization;
using System.Text;
using Connector.Host.Running;

namespace Connector.Host.Drill;

/// <summary>What a drill found, for people.</summary>
internal static class DrillReport
{
    /// <param name="before">The load before anything was done.</param>
    /// <param name="leaks">What was left behind, in words.</param>
    public static string Render(IReadOnlyCollection<DrillResult> results, LoadSummary before, LoadSummary all, DrillCensus? atRest, DrillCensus? after, IReadOnlyCollection<string> leaks)
    {
        var text = new StringBuilder();
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"Load: {all.Opens} new connections, {all.PerSecond:0} per second; before anything was done the slowest took {before.Slowest.TotalMilliseconds:0} ms, {before.Streams} long streams ran.").AppendLine();
        string[] head = ["EVENT", "REPLICA", "DETECTION", "FAILED OPENS", "SLOWEST", "LOST STREAMS", "CONTROL GAP", "VERDICT"];
        TextTable.Append(text, [.. results.Select(Row).Prepend(head)]);

        if (atRest is not null && after is not null)
        {
            text.AppendLine().AppendLine("Without load, before and after:");
            foreach (var process in after.Processes)
            {
                var first = atRest.Processes.FirstOrDefault(other => other.Name == process.Name);
                text.AppendLine(CultureInfo.InvariantCulture, $"  {process.Name}: handles {Number(first?.Handles)} and {Number(process.Handles)}, streams {Number(first?.Streams)} and {Number(process.Streams)}, members {Number(first?.Members)} and {Number(process.Members)}");
            }

            text.AppendLine(CultureInfo.InvariantCulture, $"  processes that the control plane lists: {Number(atRest.Listed)} and {Number(after.Listed)}");
        }

        var broken = results.SelectMany(static result => result.Broken.Select(promise => $"{DrillPlan.NameOf(result.Window.Event)} of {Short(result.Window.ReplicaId)}: {promise}")).Concat(leaks).ToArray();
        text.AppendLine().AppendLine(broken.Length == 0 ? "Every promise was kept." : "Promises that were broken:");
        foreach (var line in broken)
        {
            text.Append("  ").AppendLine(line);
        }

        return text.ToString();
    }

    /// <summary>One line, while the drill goes on.</summary>
    public static string Line(DrillResult result) => string.Join("  ", Row(result));

    private static string[] Row(DrillResult result) =>
    [
        DrillPlan.NameOf(result.Window.Event),
        Short(result.Window.ReplicaId),
        Milliseconds(result.Detection),
        result.Caught == 0 ? Number(result.Failed) : $"{Number(result.Failed)} (+{Number(result.Caught)} caught in it)",
        Milliseconds(result.Slowest),
        result.Window.Event is DrillEvent.KillFollower or DrillEvent.KillLeader ? $"{Number(result.Lost)} of its {Number(result.Window.Streams)}" : Number(result.Lost),
        Milliseconds(result.ControlGap),
        (result.Broken.IsEmpty ? "kept" : "BROKEN") + (result.Window.Recovered ? "" : ", and it did not come back"),
    ];

    private static string Milliseconds(TimeSpan? time) => time is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known.TotalMilliseconds:0} ms") : "-";

    private static string Number(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "-";

    private static string Short(string id) => id.Length > 8 ? id[..8] : id;
}
