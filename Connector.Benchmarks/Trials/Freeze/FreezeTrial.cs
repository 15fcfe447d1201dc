using System.Diagnostics;
using Connector.Benchmarks.Trials.Probes;
using Connector.Benchmarks.Trials.Rig;
using Connector.Benchmarks.Trials.Streams;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Trials.Freeze;

/// <summary>Replica and server in turn are stopped with SIGSTOP, shortly and for long, under live streams and new connections.</summary>
internal sealed class FreezeTrial : ITrial
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MostUntilNoticed = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan MostUntilRefused = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(3);

    public string Name => "freeze";

    public string Description => "SIGSTOP of replica and server (edge), 2 s and --seconds, with live streams and new connections.";

    public TrialOptions Usual => new(Streams: 100, Cuts: 4, Seconds: 20);

    public TrialOptions Quick => new(Streams: 40, Cuts: 4, Seconds: 8);

    public string? Missing() => OperatingSystem.IsLinux() ? null : "it needs Linux (signals, /proc).";

    public async Task RunAsync(TrialOptions options, TrialReport report, CancellationToken cancellation)
    {
        await using var rig = await TrialRig.StartAsync(() => TimeSpan.Zero, cancellation);
        await using var probed = new LoadService(rig.Listen());
        var (_, port) = await rig.ServeAsync("probe", probed.Port, cancellation);
        await using var mix = await StreamMix.StartAsync(rig, options.Streams, real: true, cancellation);
        report.Note("streams", mix.Description);
        foreach (var length in (TimeSpan[])[Short, TimeSpan.FromSeconds(options.Seconds)])
        {
            await FreezeAsync(rig, rig.Replica, "replica", length, port, mix, () => SeenByEdgeAsync(rig, cancellation), report, cancellation);
            await FreezeAsync(rig, rig.Server, "server", length, port, mix, () => SeenByReplicaAsync(rig, cancellation), report, cancellation);
        }

        await mix.FinishAsync(cancellation);
        report.Judge("checksums that differ", "0", $"{mix.Altered}", mix.Altered == 0);
        report.Judge("streams lost in all, the last seconds included", "0", $"{mix.Lost}", mix.Lost == 0);
        report.Append(FailureList.Markdown(mix.Failures));
    }

    /// <param name="isSeen">Whether the living end still counts the frozen one as connected.</param>
    private static async Task FreezeAsync(
        TrialRig rig, ChildProcess frozen, string who, TimeSpan length, int port, StreamMix mix, Func<Task<bool>> isSeen, TrialReport report,
        CancellationToken cancellation)
    {
        var what = $"{who} frozen {length.TotalSeconds:0} s";
        TrialReport.Progress(what);
        await using var probes = new ProbeSeries(rig, port, TimeSpan.FromSeconds(5), cancellation);
        mix.ForgetStalls();
        var began = Stopwatch.GetTimestamp();
        TimeSpan? noticed = null;
        frozen.Signal(UnixSignal.Stop);
        try
        {
            while (Stopwatch.GetElapsedTime(began) < length)
            {
                if (noticed is null && !await isSeen())
                {
                    noticed = Stopwatch.GetElapsedTime(began);
                }

                await Task.Delay(Poll, cancellation);
            }
        }
        finally
        {
            frozen.Signal(UnixSignal.Continue);
        }

        var thawed = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(thawed) < Recovery && !mix.HaveAllMoved(thawed))
        {
            await Task.Delay(Poll, cancellation);
        }

        var back = Stopwatch.GetElapsedTime(thawed);
        await Task.Delay(Between, cancellation);
        var made = await probes.StopAsync();
        Report(what, who, length, noticed, began, thawed, back, made, mix, report);
        await mix.ReplaceLostAsync(cancellation);
    }

    private static void Report(
        string what, string who, TimeSpan length, TimeSpan? noticed, long began, long thawed, TimeSpan back, IReadOnlyList<Probe> probes, StreamMix mix,
        TrialReport report)
    {
        var lost = mix.CountEnded();
        var (stall, kind) = mix.TakeLongestStall();
        report.Judge($"{what}: streams lost", "0", $"{lost}", lost == 0);
        report.Judge($"{what}: all streams move again after it", $"{Recovery.TotalSeconds:0} s", 
            lost == 0 ? $"after {TrialReport.Seconds(back)}" : $"{mix.Streams.Count - lost} of {mix.Streams.Count}, after {TrialReport.Seconds(back)}", lost == 0 && back < Recovery);
        report.Note($"{what}: longest stall", $"{TrialReport.Seconds(stall)} ({kind})");

        var during = probes.Where(probe => probe.Began >= began && probe.Began < thawed).ToArray();
        report.Note($"{what}: new connections meanwhile", Summary(during));
        var after = probes.Where(probe => probe.Began >= thawed).ToArray();
        var served = after.FirstOrDefault(probe => probe.Answer == ProbeAnswer.Answered);
        report.Judge(
            $"{what}: new connections are served again", $"{Recovery.TotalSeconds:0} s",
            served is null ? $"not any more: {Summary(after)}" : $"one begun {TrialReport.Seconds(Stopwatch.GetElapsedTime(thawed, served.Began))} after it", served is not null);
        if (length <= MostUntilNoticed)
        {
            return;
        }

        report.Judge(
            $"{what}: noticed by the living end", TrialReport.Seconds(MostUntilNoticed), noticed is { } time ? $"after {TrialReport.Seconds(time)}" : "not noticed",
            noticed <= MostUntilNoticed);
        if (who == "replica")
        {
            // A frozen edge cannot refuse anybody: its kernel takes the connection and nothing else happens.
            var late = during.Where(probe => Stopwatch.GetElapsedTime(began, probe.Began) > MostUntilNoticed && Stopwatch.GetElapsedTime(probe.Began, thawed) > MostUntilRefused).ToArray();
            var slowest = late.Length == 0 ? TimeSpan.MaxValue : late.Max(probe => probe.Took);
            report.Judge(
                $"{what}: new connections after {MostUntilNoticed.TotalSeconds:0} s are refused", $"all, within {TrialReport.Seconds(MostUntilRefused)}", Summary(late),
                late.Length > 0 && late.All(probe => probe.Answer == ProbeAnswer.Refused) && slowest <= MostUntilRefused);
        }
    }

    private static string Summary(IReadOnlyCollection<Probe> probes) => probes.Count == 0 ? "none" : string.Join(
        ", ", probes.GroupBy(probe => probe.Answer).OrderBy(group => group.Key).Select(
            group => $"{group.Count()} {group.Key.ToString().ToLowerInvariant()} (slowest {TrialReport.Seconds(group.Max(probe => probe.Took))})"));

    private static async Task<bool> SeenByEdgeAsync(TrialRig rig, CancellationToken cancellation) => await rig.LanesAsync(cancellation) > 0;

    private static async Task<bool> SeenByReplicaAsync(TrialRig rig, CancellationToken cancellation)
    {
        try
        {
            return (await rig.ReplicaStatusAsync(cancellation))["links"]?.AsArray().Any(link => (bool?)link?["connected"] == true) ?? false;
        }
        catch (HttpRequestException e)
        {
            throw new InvalidOperationException($"Asking the replica for its status failed: {e.Message}", e);
        }
    }
}
