using System.Diagnostics;
using System.Globalization;
using Connector.Benchmarks.Trials.Probes;
using Connector.Tests;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Trials.Groups;

/// <summary>One event on a group under load: does it, waits until all is well again without a hand, and says what was noticed.</summary>
internal sealed class GroupScene
{
    private const int RestartedEdge = 1;
    private static readonly TimeSpan MostUntilWhole = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(1);

    // A connection under way over a replica that dies may die with it.
    private static readonly TimeSpan UnderWay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Unseen = TimeSpan.FromMilliseconds(100);

    private readonly GroupRig rig;
    private readonly GroupStreams streams;
    private readonly GroupOpens opens;
    private readonly TimeSpan length;
    private readonly int echoPort;
    private readonly List<string> remarks = [];
    private readonly List<(int? Edge, long From, long Until)> excuses = [];
    private int? endedReplica;
    private int? endedEdge;
    private long over;
    private TimeSpan? whole;

    public GroupScene(GroupRig rig, GroupStreams streams, GroupOpens opens, TimeSpan length, int echoPort, int leader)
    {
        this.rig = rig;
        this.streams = streams;
        this.opens = opens;
        this.length = length;
        this.echoPort = echoPort;
        Leader = leader;
    }

    public int Leader { get; }

    public int Follower => (Leader + 1) % GroupNamespaces.ReplicaCount;

    public async Task<GroupResult> RunAsync(GroupEvent happening, CancellationToken cancellation)
    {
        await opens.TakeAsync();
        var sessions = SessionRecord.Read(rig.ControlOutputs).Opened;
        var began = Stopwatch.GetTimestamp();
        await happening.Do(this, cancellation);
        over = over == 0 ? Stopwatch.GetTimestamp() : over;
        var lasted = Stopwatch.GetElapsedTime(began, over);
        whole ??= await BecomesWholeAsync(cancellation);
        await Task.Delay(Aftermath, cancellation);

        var made = await opens.TakeAsync();
        var failed = made.Where(open => open.Probe.Answer != ProbeAnswer.Answered).ToArray();
        var excused = failed.Count(open => IsExcused(open.Edge, open.Probe));
        remarks.AddRange(failed.Where(open => !IsExcused(open.Edge, open.Probe)).GroupBy(open => (open.Edge, open.Probe.Answer)).Select(
            kind => string.Create(
                CultureInfo.InvariantCulture,
                $"{kind.Count()} {kind.Key.Answer} by edge {kind.Key.Edge + 1}, {Stopwatch.GetElapsedTime(began, kind.Min(open => open.Probe.Began)).TotalSeconds:0.0} to {Stopwatch.GetElapsedTime(began, kind.Max(open => open.Probe.Began)).TotalSeconds:0.0} s after it began")));
        var (lost, expected) = await streams.ReplaceEndedAsync(
            stream => (endedReplica is not null && stream.Replica == endedReplica) || (endedEdge is not null && stream.Edge == endedEdge), cancellation);
        var leader = await rig.LeaderAsync(cancellation);
        remarks.Add(leader == Leader ? "the same leader" : leader is null ? "no leader" : "another leader");
        return new GroupResult(
            happening.Name, lasted, made.Count, failed.Length - excused, excused,
            made.Where(open => open.Probe.Answer == ProbeAnswer.Answered).Select(open => open.Probe.Took).DefaultIfEmpty().Max(), lost, expected, whole,
            SessionRecord.Read(rig.ControlOutputs).Opened - sessions, string.Join("; ", remarks));
    }

    /// <summary>These replicas reach no other one, and no other one reaches them.</summary>
    public async Task PartAsync(int[] replicas, CancellationToken cancellation)
    {
        foreach (var replica in replicas)
        {
            await rig.Places.CutAsync(replica, Enumerable.Range(0, GroupNamespaces.ReplicaCount).Where(other => other != replica).Select(GroupNamespaces.AddressOf));
        }

        await HoldAsync(replicas, cancellation);
    }

    /// <summary>The replica does not reach the control plane; edges and other replicas it does.</summary>
    public async Task PartFromControlAsync(int replica, CancellationToken cancellation)
    {
        await rig.Places.CutAsync(replica, GroupNamespaces.ControlAddress);
        await HoldAsync([replica], cancellation);
    }

    /// <summary>The control plane is away for a while, and in that time a replica and an edge die and come back with what is on their disks.</summary>
    public async Task WithoutControlAsync(int replica, int times, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        rig.Control.Signal(UnixSignal.Kill);
        await Task.Delay(length / 4, cancellation);

        endedReplica = replica;
        excuses.Add((null, Stopwatch.GetTimestamp() - Ticks(UnderWay), Stopwatch.GetTimestamp() + Ticks(Unseen)));
        var carried = streams.CountOver(replica);
        rig.Replicas[replica].Signal(UnixSignal.Kill);
        await rig.StartReplicaAsync(replica, cancellation);
        remarks.Add(string.Create(CultureInfo.InvariantCulture, $"{carried} streams ran over the killed replica"));
        await Task.Delay(length / 4, cancellation);

        endedEdge = RestartedEdge;
        var killed = Stopwatch.GetTimestamp();
        rig.Edges[RestartedEdge].Signal(UnixSignal.Kill);
        await rig.StartEdgeAsync(RestartedEdge, cancellation);
        var served = await opens.ServedAsync(RestartedEdge, cancellation);
        excuses.Add((RestartedEdge, killed - Ticks(UnderWay), served.Began));
        remarks.Add($"the edge served new connections {TrialReport.Seconds(Stopwatch.GetElapsedTime(killed, served.Began))} after it was killed");

        var rest = (length * times) - Stopwatch.GetElapsedTime(began);
        await Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, cancellation);
        await rig.StartControlAsync(cancellation);
        over = Stopwatch.GetTimestamp();
        whole = await BecomesWholeAsync(cancellation);
        if (whole is not null)
        {
            await ServesNewsAsync(cancellation);
        }
    }

    /// <summary>A socket that is made now reaches every replica, and users through every edge.</summary>
    private async Task ServesNewsAsync(CancellationToken cancellation)
    {
        var port = await rig.ServeAsync($"after-{Stopwatch.GetTimestamp()}", echoPort, cancellation);
        for (var edge = 0; edge < GroupNamespaces.EdgeAddresses.Count; edge++)
        {
            var to = edge;
            var probe = await Probe.TryAsync(stop => rig.ConnectAsync(to, port, stop), MostUntilWhole, cancellation);
            if (probe.Answer != ProbeAnswer.Answered)
            {
                throw new InvalidOperationException($"A socket made after the control plane was back was not served by edge {edge + 1}: {probe.Answer}.");
            }
        }

        remarks.Add("a new socket was served through both edges");
    }

    private async Task HoldAsync(int[] cut, CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(length, cancellation);
            remarks.Add($"at the end of it: {await RolesAsync(cancellation)}");
        }
        finally
        {
            foreach (var replica in cut)
            {
                await rig.Places.HealAsync(replica);
            }
        }
    }

    private async Task<string> RolesAsync(CancellationToken cancellation)
    {
        var roles = new List<string>();
        for (var replica = 0; replica < GroupNamespaces.ReplicaCount; replica++)
        {
            roles.Add((string?)(await rig.StatusAsync(replica, cancellation))?["role"] ?? "silent");
        }

        return $"{string.Join(", ", roles.Order(StringComparer.Ordinal))}, control session {(string?)(await rig.SessionAsync(cancellation))?["state"] ?? "unknown"}";
    }

    private async Task<TimeSpan?> BecomesWholeAsync(CancellationToken cancellation)
    {
        try
        {
            await Eventually.IsTrueAsync(() => rig.IsWholeAsync(cancellation), "all is well again", cancellation, MostUntilWhole);
            return Stopwatch.GetElapsedTime(over);
        }
        catch (TimeoutException)
        {
            remarks.Add($"not whole: {await rig.DescribeAsync(cancellation)}");
            return null;
        }
    }

    private bool IsExcused(int edge, Probe probe)
        => excuses.Any(excuse => (excuse.Edge is null || excuse.Edge == edge) && probe.Began >= excuse.From && probe.Began < excuse.Until);

    private static long Ticks(TimeSpan span) => (long)(span.TotalSeconds * Stopwatch.Frequency);
}
