using System.Diagnostics;
using System.Globalization;
using Connector.Benchmarks.Trials.Cutting;
using Connector.Benchmarks.Trials.Rig;
using Connector.Benchmarks.Trials.Streams;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Trials.Cuts;

/// <summary>Live streams of all kinds while their lanes are cut in every way.</summary>
internal sealed class CutsTrial : ITrial
{
    private static readonly TimeSpan MostBeyond = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(35);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private static readonly int[] LatenciesMilliseconds = [0, 0, 5, 30, 100];

    public string Name => "cuts";

    public string Description => "Live ssh, psql, echo and transfers while lanes are cut: reset, one-sided, silent, held, with delays that reorder lanes.";

    public TrialOptions Usual => new(Streams: 1000, Cuts: 100, Seconds: 10);

    public TrialOptions Quick => new(Streams: 100, Cuts: 14, Seconds: 3);

    public string? Missing() => OperatingSystem.IsLinux() ? null : "it needs Linux (signals, /proc).";

    public async Task RunAsync(TrialOptions options, TrialReport report, CancellationToken cancellation)
    {
        var random = new Random(options.Seed);
        await using var rig = await TrialRig.StartAsync(() => Latency(random), cancellation);
        await using var mix = await StreamMix.StartAsync(rig, options.Streams, real: true, cancellation);
        var lanes = Lanes(rig).Count;
        report.Judge("lanes through the proxies before the first cut", "at least 2", $"{lanes}", lanes >= 2);
        report.Note("streams", mix.Description);

        var results = new List<CutResult>();
        if (options.Cuts == 0)
        {
            TrialReport.Progress($"no cuts: {options.Seconds} s of load");
            await UndisturbedAsync(rig, mix, options, report, cancellation);
        }

        foreach (var cut in CutPlan.Make(random, options.Cuts, TimeSpan.FromSeconds(options.Seconds)))
        {
            await Task.Delay(random.Next(300, 1200), cancellation);
            var result = await CutAsync(rig, mix, cut, lanes, options.ControlToo, random, cancellation);
            results.Add(result);
            TrialReport.Progress(
                $"cut {results.Count}/{options.Cuts}: {cut.Kind}, {TrialReport.Seconds(cut.Length)}: stall {TrialReport.Seconds(result.Stall)} ({result.Stalled}), {result.Lost} lost");
            if (result.Lost > 0)
            {
                await mix.ReplaceLostAsync(cancellation);
            }
        }

        TrialReport.Progress("ending the streams");
        await mix.FinishAsync(cancellation);
        await ReportAsync(rig, mix, results, options, report, cancellation);
    }

    /// <summary>What the harness and the machine do by themselves.</summary>
    private static async Task UndisturbedAsync(TrialRig rig, StreamMix mix, TrialOptions options, TrialReport report, CancellationToken cancellation)
    {
        var used = (Server: ProcessTree.CpuTime([rig.Server.Id]), Replica: ProcessTree.CpuTime([rig.Replica.Id]), Own: Environment.CpuUsage.TotalTime);
        var longest = TimeSpan.Zero;
        for (var second = 0; second < options.Seconds; second++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellation);
            var stalls = mix.Streams.SelectMany(stream => stream.Meters.Select(meter => (Stall: meter.Take(), stream.Kind))).GroupBy(stalled => stalled.Kind).ToArray();
            longest = stalls.SelectMany(kind => kind).Select(stalled => stalled.Stall).Append(longest).Max();
            TrialReport.Progress(string.Join(", ", stalls.Select(kind => $"{kind.Key} {TrialReport.Seconds(kind.Max(stalled => stalled.Stall))}")));
        }

        report.Judge("longest stall without a cut", "2 s", TrialReport.Seconds(longest), longest <= MostBeyond);
        report.Note(
            "processor time per second of server, replica, and the trial's own process",
            string.Join(", ", ((TimeSpan[])[ProcessTree.CpuTime([rig.Server.Id]) - used.Server, ProcessTree.CpuTime([rig.Replica.Id]) - used.Replica, Environment.CpuUsage.TotalTime - used.Own])
                .Select(span => TrialReport.Seconds(span / options.Seconds))));
    }

    private static async Task<CutResult> CutAsync(
        TrialRig rig, StreamMix mix, Cut cut, int lanes, bool controlToo, Random random, CancellationToken cancellation)
    {
        var live = Lanes(rig);
        foreach (var lane in live)
        {
            lane.Latency = Latency(random);
        }

        ConnectionKind[] kinds = [.. cut.AllLanes ? (ConnectionKind[])[ConnectionKind.Lane] : [], .. controlToo ? (ConnectionKind[])[ConnectionKind.Control] : []];
        List<ProxiedConnection> targets = cut.AllLanes ? [.. live] : live.Count == 0 ? [] : [live[random.Next(live.Count)]];
        if (controlToo)
        {
            targets.AddRange(rig.Proxies.SelectMany(proxy => proxy.Live(ConnectionKind.Control)));
        }

        mix.ForgetStalls();
        Treat(rig, kinds, cut.Arriving);
        foreach (var target in targets)
        {
            target.Cut(cut.Manner);
        }

        await Task.Delay(cut.Length, cancellation);
        foreach (var target in targets)
        {
            target.EndCut(cut.Manner);
        }

        Treat(rig, kinds, NewConnections.Pass);
        var over = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(over) < Recovery && !(mix.HaveAllMoved(over) && Lanes(rig).Count >= lanes))
        {
            await Task.Delay(Poll, cancellation);
        }

        var lost = mix.CountEnded();
        var (stall, kind) = mix.TakeLongestStall();
        return new CutResult(cut, stall, kind, lost);
    }

    private static void Treat(TrialRig rig, ConnectionKind[] kinds, NewConnections arriving)
    {
        foreach (var proxy in rig.Proxies)
        {
            foreach (var kind in kinds)
            {
                proxy.Treat(kind, arriving);
            }
        }
    }

    private static List<ProxiedConnection> Lanes(TrialRig rig) => [.. rig.Proxies.SelectMany(proxy => proxy.Live(ConnectionKind.Lane))];

    private static TimeSpan Latency(Random random)
    {
        // Connections ask from other threads than the plan's.
        lock (random)
        {
            return TimeSpan.FromMilliseconds(LatenciesMilliseconds[random.Next(LatenciesMilliseconds.Length)]);
        }
    }

    private static async Task ReportAsync(
        TrialRig rig, StreamMix mix, List<CutResult> results, TrialOptions options, TrialReport report, CancellationToken cancellation)
    {
        report.Judge("streams lost", "0", $"{mix.Lost}", mix.Lost == 0);
        report.Judge("checksums that differ", "0", $"{mix.Altered}", mix.Altered == 0);
        if (results.Count > 0)
        {
            var beyond = results.MaxBy(result => result.BeyondCut)!;
            report.Judge(
                "longest stall minus the length of its cut", "2 s", $"{TrialReport.Seconds(beyond.BeyondCut)} ({beyond.Cut.Kind}, {beyond.Stalled})",
                beyond.BeyondCut <= MostBeyond);
            report.Note("longest stall minus the time without a path (a silent lane is known to be dead after 2.5 s)", TrialReport.Seconds(results.Max(r => r.BeyondPath)));
            report.Note("cuts", $"{results.Count}, {results.Count(r => r.Cut.AllLanes)} of them of all lanes, the longest {TrialReport.Seconds(results.Max(r => r.Cut.Length))}");
        }

        report.Note("lanes dialled", $"{rig.Proxies.Sum(proxy => proxy.Seen(ConnectionKind.Lane))}");
        report.Note("control streams dialled", $"{rig.Proxies.Sum(proxy => proxy.Seen(ConnectionKind.Control))}{(options.ControlToo ? "" : " (not cut)")}");
        report.Note("bytes checked", $"{(mix.Bytes / 1e6).ToString("0", CultureInfo.InvariantCulture)} MB");
        report.Note("resumes", ResumeCount.Describe(await rig.ReplicaMetricsAsync(cancellation)));
        if (results.Count > 0)
        {
            report.Append(CutTable.Markdown(results));
        }

        report.Append(FailureList.Markdown(mix.Failures));
    }
}
