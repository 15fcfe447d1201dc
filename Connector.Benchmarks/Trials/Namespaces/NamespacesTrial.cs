using System.Diagnostics;
using Connector.Benchmarks.Trials.Cuts;
using Connector.Benchmarks.Trials.Rig;
using Connector.Benchmarks.Trials.Streams;

namespace Connector.Benchmarks.Trials.Namespaces;

/// <summary>Server and replica in network namespaces of their own, whose only path is cut by packet filters and by taking the link down.</summary>
internal sealed class NamespacesTrial : ITrial
{
    private static readonly TimeSpan MostBeyond = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(35);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    public string Name => "netns";

    public string Description => "Server and replica in two network namespaces; the path is cut by packet filters and by taking the link down. Root only.";

    public TrialOptions Usual => new(Streams: 40, Cuts: 30, Seconds: 10);

    public TrialOptions Quick => new(Streams: 20, Cuts: 5, Seconds: 4);

    public string? Missing()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin").Append("/sbin").ToArray();
        return !OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess ? "it makes network namespaces, which takes Linux and root."
            : ((string[])["ip", "nft"]).FirstOrDefault(program => !folders.Any(folder => File.Exists(Path.Combine(folder, program)))) is { } absent
                ? $"{absent} is not installed: apt-get install iproute2 nftables." : null;
    }

    public async Task RunAsync(TrialOptions options, TrialReport report, CancellationToken cancellation)
    {
        var random = new Random(options.Seed);
        await using var pair = await NamespacePair.CreateAsync();
        await using var rig = await TrialRig.StartAsync(() => TimeSpan.Zero, cancellation, pair);
        await using var mix = await StreamMix.StartAsync(rig, options.Streams, real: false, cancellation);
        report.Note("streams", mix.Description);
        var lanes = await rig.LanesAsync(cancellation);
        var faults = PathFault.All.ToArray();
        var beyond = new List<(TimeSpan Beyond, string Fault)>();
        for (var i = 0; i < options.Cuts; i++)
        {
            var fault = faults[i % faults.Length];
            var length = TimeSpan.FromSeconds(0.5 + (random.NextDouble() * Math.Max(0, options.Seconds - 0.5)));
            await Task.Delay(random.Next(300, 1200), cancellation);
            var (stall, lasted, lost) = await CutAsync(pair, rig, mix, fault, length, lanes, cancellation);
            beyond.Add((stall - lasted, fault.Name));
            TrialReport.Progress($"cut {i + 1}/{options.Cuts}: {fault.Name}, {TrialReport.Seconds(lasted)}: stall {TrialReport.Seconds(stall)}, {lost} lost");
            if (lost > 0)
            {
                await mix.ReplaceLostAsync(cancellation);
            }
        }

        if (options.Cuts == 0)
        {
            await Task.Delay(TimeSpan.FromSeconds(options.Seconds), cancellation);
        }

        await mix.FinishAsync(cancellation);
        report.Judge("streams lost", "0", $"{mix.Lost}", mix.Lost == 0);
        report.Judge("checksums that differ", "0", $"{mix.Altered}", mix.Altered == 0);
        if (beyond.Count > 0)
        {
            var worst = beyond.MaxBy(cut => cut.Beyond);
            report.Judge("longest stall minus the length of its cut", "2 s", $"{TrialReport.Seconds(worst.Beyond)} ({worst.Fault})", worst.Beyond <= MostBeyond);
        }

        report.Note("resumes", ResumeCount.Describe(await rig.ReplicaMetricsAsync(cancellation)));
        report.Append(FailureList.Markdown(mix.Failures));
    }

    private static async Task<(TimeSpan Stall, TimeSpan Lasted, int Lost)> CutAsync(
        NamespacePair pair, TrialRig rig, StreamMix mix, PathFault fault, TimeSpan length, int lanes, CancellationToken cancellation)
    {
        mix.ForgetStalls();
        await fault.Begin(pair);
        var began = Stopwatch.GetTimestamp();
        try
        {
            await Task.Delay(length, cancellation);
        }
        finally
        {
            await fault.End(pair);
        }

        // The programs that set the fault take time of their own.
        var lasted = Stopwatch.GetElapsedTime(began);
        var over = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(over) < Recovery && !(mix.HaveAllMoved(over) && await rig.LanesAsync(cancellation) >= lanes))
        {
            await Task.Delay(Poll, cancellation);
        }

        var lost = mix.CountEnded();
        return (mix.TakeLongestStall().Stall, lasted, lost);
    }
}
