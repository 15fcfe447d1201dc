using Connector.Benchmarks.Trials.Rig;

namespace Connector.Benchmarks.Trials.Probes;

/// <summary>Probes at a steady rate, whether or not the earlier ones have been answered.</summary>
internal sealed class ProbeSeries : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly TrialRig rig;
    private readonly int port;
    private readonly TimeSpan patience;
    private readonly CancellationTokenSource stopping;
    private readonly CancellationToken cancellation;
    private readonly List<Task<Probe>> probes = [];
    private readonly Task running;

    public ProbeSeries(TrialRig rig, int port, TimeSpan patience, CancellationToken cancellation)
    {
        this.rig = rig;
        this.port = port;
        this.patience = patience;
        this.cancellation = cancellation;
        stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        running = RunAsync();
    }

    /// <summary>Stops and waits for those under way.</summary>
    public async Task<IReadOnlyList<Probe>> StopAsync()
    {
        await stopping.CancelAsync();
        await running;
        return await Task.WhenAll(probes);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        await Task.WhenAll(probes).ContinueWith(ended => ended.Exception, TaskScheduler.Default);
        stopping.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                probes.Add(Probe.TryAsync(stop => rig.ConnectAsync(port, stop), patience, cancellation));
                await Task.Delay(Interval, stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
    }
}
