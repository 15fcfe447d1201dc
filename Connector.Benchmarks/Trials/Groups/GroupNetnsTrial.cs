using System.Globalization;
using Connector.Benchmarks.Trials.Namespaces;
using Connector.Benchmarks.Trials.Streams;

namespace Connector.Benchmarks.Trials.Groups;

/// <summary>A group over mutual TLS, control plane and edges in network namespaces; paths between them are cut, and processes killed, under load.</summary>
internal sealed class GroupNetnsTrial : ITrial
{
    private const int Rate = 200;
    private const int StreamsPort = 7001;
    private const int OpensPort = 7002;
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(5);

    public string Name => "group-netns";

    public string Description => "Three replicas, two edges and the control plane in network namespaces; replicas, and replica and control plane, do not reach each other; the control plane is killed. Root only.";

    public TrialOptions Usual => new(Streams: 100, Cuts: GroupEvent.All.Count, Seconds: 20);

    public TrialOptions Quick => new(Streams: 40, Cuts: 3, Seconds: 8);

    public string? Missing() => new NamespacesTrial().Missing();

    public async Task RunAsync(TrialOptions options, TrialReport report, CancellationToken cancellation)
    {
        await using var rig = await GroupRig.StartAsync(cancellation);
        try
        {
            await RunAsync(rig, options, report, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            TrialReport.Progress($"what the processes wrote is in {await rig.KeepOutputAsync()}; {await rig.DescribeAsync(CancellationToken.None)}");
            throw;
        }

        if (!report.IsPassed)
        {
            TrialReport.Progress($"what the processes wrote is in {await rig.KeepOutputAsync()}");
        }
    }

    private static async Task RunAsync(GroupRig rig, TrialOptions options, TrialReport report, CancellationToken cancellation)
    {
        await using var served = new LoadService(rig.Listen(StreamsPort));
        await using var probed = new LoadService(rig.Listen(OpensPort));
        var streamsPort = await rig.ServeAsync("streams", StreamsPort, cancellation);
        var opensPort = await rig.ServeAsync("opens", OpensPort, cancellation);
        TrialReport.Progress($"opening {options.Streams} streams");
        await using var streams = await GroupStreams.StartAsync(rig, served, streamsPort, options.Streams, cancellation);
        await using var opens = new GroupOpens(rig, opensPort, Rate);
        await Task.Delay(Before, cancellation);
        if (await opens.FailedAsync() is var failed and > 0)
        {
            throw new InvalidOperationException($"{failed} new connections failed before anything was done.");
        }

        var results = new List<GroupResult>();
        foreach (var happening in GroupEvent.All.Take(options.Cuts))
        {
            var leader = await rig.LeaderAsync(cancellation) ?? throw new InvalidOperationException($"The group has no leader: {await rig.DescribeAsync(cancellation)}.");
            var scene = new GroupScene(rig, streams, opens, TimeSpan.FromSeconds(options.Seconds), OpensPort, leader);
            TrialReport.Progress($"{happening.Name} (the leader is replica {leader + 1})");
            results.Add(await scene.RunAsync(happening, cancellation));
            TrialReport.Progress(results[^1].ToString());
            if (results[^1].WholeAfter is null)
            {
                break;
            }
        }

        var wrong = await streams.FinishAsync(cancellation);
        Report(rig, options, report, results, streams, wrong);
    }

    private static void Report(GroupRig rig, TrialOptions options, TrialReport report, List<GroupResult> results, GroupStreams streams, int wrong)
    {
        var sessions = SessionRecord.Read(rig.ControlOutputs);
        var (failed, lost, whole) = (results.Sum(result => result.Failed), results.Sum(result => result.Lost), results.Count(result => result.WholeAfter is not null));
        report.Note("streams", streams.Description);
        report.Note("new connections", string.Create(CultureInfo.InvariantCulture, $"{results.Sum(result => result.Opens)}, {Rate} a second"));
        report.Judge("new connections that failed, but for those to an edge or over a replica that was killed", "0", $"{failed}", failed == 0);
        report.Judge("streams lost, but for those over an edge or a replica that was killed", "0", $"{lost}", lost == 0);
        report.Judge("checksums that differ", "0", $"{streams.Altered}", streams.Altered == 0);
        report.Judge("streams that did not end in order when they were asked to", "0", $"{wrong}", wrong == 0);
        report.Judge("control sessions at once, by the control plane's own record", "1", $"{sessions.MostAtOnce}", sessions.MostAtOnce == 1);
        report.Judge(
            "after each event all replicas are members again, with one leader, who holds the control session", $"{options.Cuts} times within 60 s", $"{whole} times", whole == options.Cuts);
        report.Append(GroupTable.Markdown(results));
        report.Append(FailureList.Markdown(streams.Failures));
    }
}
