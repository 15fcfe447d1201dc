using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Connector.Plugins;
using Xunit;

namespace Connector.Tests.Actors.Discovery;

/// <summary>Scans end when the test says so.</summary>
internal sealed class FakeDiscoverer(string id) : IWatchingDiscoverer
{
    private readonly Channel<FakeScan> begun = Channel.CreateUnbounded<FakeScan>();
    private readonly Channel<Channel<SourceChanged>> watches = Channel.CreateUnbounded<Channel<SourceChanged>>();
    private int running;

    public string DiscoveryId => id;

    public bool Disposed { get; private set; }

    /// <summary>The most that ever ran at once.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>A scan that does not care for its cancellation.</summary>
    public bool Deaf { get; set; }

    public async Task<Connector.Plugins.Discovery> DiscoverAsync(IProgress<DiscoveryProgress>? progress, CancellationToken cancellationToken)
    {
        MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref running));
        var scan = new FakeScan(progress!);
        begun.Writer.TryWrite(scan);
        try
        {
            return await scan.Ended.Task.WaitAsync(Deaf ? CancellationToken.None : cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref running);
        }
    }

    public async IAsyncEnumerable<SourceChanged> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var watch = Channel.CreateUnbounded<SourceChanged>();
        watches.Writer.TryWrite(watch);
        await foreach (var change in watch.Reader.ReadAllAsync(cancellationToken))
        {
            yield return change;
        }
    }

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return ValueTask.CompletedTask;
    }

    public async Task<FakeScan> BegunAsync() => await begun.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60));

    public bool HasBegun => begun.Reader.Count > 0;

    public async Task<Channel<SourceChanged>> WatchedAsync() => await watches.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
}

internal sealed record FakeScan(IProgress<DiscoveryProgress> Progress)
{
    public TaskCompletionSource<Connector.Plugins.Discovery> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
