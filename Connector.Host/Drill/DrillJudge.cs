using System.Collections.Immutable;
using System.Globalization;

namespace Connector.Host.Drill;

/// <summary>What the promises of a group say of what was measured. Decisions only.</summary>
internal static class DrillJudge
{
    /// <summary>A killed process resets its connections; until the edge has seen that, connections may be lost with it.</summary>
    public static readonly TimeSpan Unseen = TimeSpan.FromMilliseconds(100);

    public static readonly TimeSpan LongestFailOver = TimeSpan.FromSeconds(6);
    public static readonly TimeSpan LongestHandOver = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan LongestFreezeUnnoticed = TimeSpan.FromSeconds(3);
    public static readonly TimeSpan LongestOpen = TimeSpan.FromMilliseconds(500);

    /// <param name="slowBefore">Connections took longer than promised already before: the machine cannot show that promise.</param>
    public static DrillResult Judge(
        DrillWindow window, IEnumerable<OpenSample> opens, IEnumerable<StreamLoss> losses, IReadOnlyList<ControlSample> control, bool slowBefore)
    {
        var inWindow = opens.Where(open => open.Ended >= window.At && open.Began <= window.Until).ToArray();
        var failures = inWindow.Where(static open => open.Failure is not null).ToArray();
        var caught = failures.Count(open => open.Began < window.At + Unseen);
        var served = inWindow.Where(static open => open.Failure is null).Select(static open => open.Took).DefaultIfEmpty().Max();
        var lost = losses.Where(loss => loss.At >= window.At && loss.At <= window.Until).ToArray();
        var after = control.Where(sample => sample.At >= window.At && sample.At <= window.Until).ToArray();
        var (detection, gap) = (Detection(window, after), Gap(window, after));
        var result = new DrillResult(
            window, detection, caught, failures.Length - caught, served, lost.Length, gap, [],
            failures.Select(static open => open.Failure).Concat(lost.Select(static loss => loss.Reason)).FirstOrDefault() ?? "");
        return result with { Broken = Broken(result, after, slowBefore) };
    }

    /// <summary>Null when the control plane was not asked, or never noticed.</summary>
    private static TimeSpan? Detection(DrillWindow window, ControlSample[] after)
        => window.BootId is { } boot && after.FirstOrDefault(sample => !sample.Offers(window.ReplicaId, boot)) is { } noticed ? noticed.At - window.At : null;

    private static TimeSpan? Gap(DrillWindow window, ControlSample[] after)
    {
        if (after.Length == 0)
        {
            return null;
        }

        if (window.Led && window.Event != DrillEvent.Drain)
        {
            // The dead session counts as open until it is noticed, so what counts is when another one is there.
            return (after.FirstOrDefault(sample => sample.Online && sample.Epoch > window.Epoch)?.At ?? window.Until) - window.At;
        }

        // Whoever says good-bye is believed: the gap is the time without a session.
        var (longest, since) = (TimeSpan.Zero, (TimeSpan?)null);
        foreach (var sample in after)
        {
            since ??= sample.Online ? null : sample.At;
            longest = since is { } began && sample.At - began > longest ? sample.At - began : longest;
            since = sample.Online ? null : since;
        }

        return longest;
    }

    private static ImmutableArray<string> Broken(DrillResult result, ControlSample[] after, bool slowBefore)
    {
        var broken = ImmutableArray.CreateBuilder<string>();
        var (window, kills) = (result.Window, result.Window.Event is DrillEvent.KillLeader or DrillEvent.KillFollower);
        var freezes = window.Event is DrillEvent.FreezeLeader or DrillEvent.FreezeFollower;
        var failed = result.Failed + (kills ? 0 : result.Caught);
        if (failed > 0)
        {
            broken.Add(string.Create(CultureInfo.InvariantCulture, $"{failed} new connections failed; none may ({result.Reason})"));
        }

        // The streams of a killed replica die with it, and no others.
        var mayLose = kills ? window.Streams : 0;
        if (result.Lost > mayLose)
        {
            broken.Add(string.Create(
                CultureInfo.InvariantCulture, $"{result.Lost} long streams were lost; {(kills ? $"at most the {mayLose} of that replica may be" : "none may be")} ({result.Reason})"));
        }

        // How long a frozen leader's session may be away is not promised, only how soon it is noticed.
        if (result.ControlGap is { } gap && (window.Led ? !freezes : gap > TimeSpan.Zero))
        {
            var longest = window.Led && kills ? LongestFailOver : LongestHandOver;
            if (gap > longest)
            {
                broken.Add(string.Create(CultureInfo.InvariantCulture, $"no control session for {gap.TotalSeconds:0.0} s; at most {longest.TotalSeconds:0} s are promised"));
            }
        }

        broken.AddRange(ControlHistory.Broken(after, window.Led ? 1 : 0));
        if (freezes && window.Led && (window.RoleAfter == "leader" || after.LastOrDefault(static sample => sample.Online)?.Leader == window.ReplicaId))
        {
            broken.Add("the woken replica leads; it had to step back");
        }

        if (!window.Recovered)
        {
            broken.Add("the group was not whole again in time");
        }

        if (freezes && window.BootId is not null && after.Length > 0 && !(result.Detection <= LongestFreezeUnnoticed))
        {
            broken.Add(result.Detection is { } late
                ? string.Create(CultureInfo.InvariantCulture, $"noticed after {late.TotalSeconds:0.0} s; {LongestFreezeUnnoticed.TotalSeconds:0} s are promised")
                : "never noticed");
        }

        if (freezes && !slowBefore && result.Slowest > LongestOpen)
        {
            broken.Add(string.Create(
                CultureInfo.InvariantCulture, $"a new connection took {result.Slowest.TotalMilliseconds:0} ms; {LongestOpen.TotalMilliseconds:0} ms are promised"));
        }

        return broken.ToImmutable();
    }
}
