using System.Diagnostics;
using Connector.Benchmarks.Trials.Probes;
using Connector.Tests;

namespace Connector.Benchmarks.Trials.Groups;

/// <summary>New connections at a steady rate, to each edge in turn, whether or not the earlier ones have been answered.</summary>
internal sealed class GroupOpens : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly GroupRig rig;
    private readonly int port;
    private readonly int rate;
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private readonly Task running;
    private List<(int Edge, long Began, Task<Probe> Probe)> made = [];

    public GroupOpens(GroupRig rig, int port, int rate)
    {
        this.rig = rig;
        this.port = port;
        this.rate = rate;
        running = Task.Run(RunAsync);
    }

    /// <summary>Those made since the last call; waits for each of them.</summary>
    public async Task<IReadOnlyList<(int Edge, Probe Probe)>> TakeAsync()
    {
        List<(int Edge, long Began, Task<Probe> Probe)> taken;
        lock (gate)
        {
            (taken, made) = (made, []);
        }

        var probes = await Task.WhenAll(taken.Select(open => open.Probe));
        return [.. taken.Zip(probes, (open, probe) => (open.Edge, probe))];
    }

    /// <summary>How many of those made since the last take were not served.</summary>
    public async Task<int> FailedAsync() => (await TakeAsync()).Count(open => open.Probe.Answer != ProbeAnswer.Answered);

    /// <summary>Waits until an edge has answered one that began after this moment.</summary>
    public async Task<Probe> ServedAsync(int edge, CancellationToken cancellation)
    {
        var since = Stopwatch.GetTimestamp();
        Probe? served = null;
        await Eventually.IsTrueAsync(
            () =>
            {
                lock (gate)
                {
                    // The newest first: of those that wait for nothing there may be thousands.
                    for (var i = made.Count - 1; i >= 0 && made[i].Began > since && served is null; i--)
                    {
                        if (made[i].Edge == edge && made[i].Probe is { IsCompletedSuccessfully: true, Result.Answer: ProbeAnswer.Answered } probe)
                        {
                            served = probe.Result;
                        }
                    }

                    return served is not null;
                }
            },
            $"edge {edge + 1} serves new connections", cancellation);
        return served!;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        await TakeAsync();
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var began = Stopwatch.GetTimestamp();
        using var clock = new PeriodicTimer(Tick);
        for (var count = 0L; !stopping.IsCancellationRequested;)
        {
            for (var due = (long)(Stopwatch.GetElapsedTime(began).TotalSeconds * rate); count < due; count++)
            {
                var edge = (int)(count % GroupNamespaces.EdgeAddresses.Count);
                var probe = Probe.TryAsync(stop => rig.ConnectAsync(edge, port, stop), Patience, CancellationToken.None);
                lock (gate)
                {
                    made.Add((edge, Stopwatch.GetTimestamp(), probe));
                }
            }

            await clock.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
