using System.Threading.Channels;
using Connector.Server.Feed;

namespace Connector.Tests.Server.Edge;

/// <summary>A control plane that says what the test pushes and keeps what the edge reports.</summary>
internal sealed class FakeFeed : IEdgeFeed
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Channel<EdgeState?> states = Channel.CreateUnbounded<EdgeState?>();
    private readonly List<EdgeReport> reports = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Follows { get; private set; }

    public void Push(EdgeState state) => states.Writer.TryWrite(state);

    /// <summary>Ends the running enumeration with an error.</summary>
    public void Break() => states.Writer.TryWrite(null);

    public IReadOnlyList<T> All<T>()
        where T : EdgeReport
    {
        lock (reports)
        {
            return [.. reports.OfType<T>()];
        }
    }

    /// <summary>The first report of this kind that matches, past or to come.</summary>
    public async Task<T> FirstAsync<T>(Func<T, bool>? match = null)
        where T : EdgeReport
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            Task next;
            lock (reports)
            {
                if (reports.OfType<T>().FirstOrDefault(report => match?.Invoke(report) ?? true) is { } found)
                {
                    return found;
                }

                next = changed.Task;
            }

            try
            {
                await next.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"no {typeof(T).Name} that matches came; there were: {string.Join("; ", All<EdgeReport>())}");
            }
        }
    }

    public async IAsyncEnumerable<EdgeState> FollowAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Follows++;
        await foreach (var state in states.Reader.ReadAllAsync(cancellationToken))
        {
            yield return state ?? throw new IOException("the control plane went away");
        }
    }

    public void Report(EdgeReport report)
    {
        lock (reports)
        {
            reports.Add(report);
            var waiting = changed;
            changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.SetResult();
        }
    }
}
