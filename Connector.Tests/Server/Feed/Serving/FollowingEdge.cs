using Connector.Protocol.Ids;
using Connector.Server.Feed;
using Connector.Server.Feed.Following;

namespace Connector.Tests.Server.Feed.Serving;

/// <summary>An edge that only follows: it takes each state at once.</summary>
internal sealed class FollowingEdge(RemoteFeed feed, EdgeId id, string directory) : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private Task following = Task.CompletedTask;
    private volatile EdgeState? state;
    private int states;
    private bool stopped;

    public RemoteFeed Feed => feed;

    public EdgeId Id => id;

    public string Directory => directory;

    public EdgeState? State => state;

    /// <summary>How many states came.</summary>
    public int States => Volatile.Read(ref states);

    public void Follow() => following = Task.Run(async () =>
    {
        await foreach (var next in feed.FollowAsync(stopping.Token))
        {
            state = next;
            Interlocked.Increment(ref states);
        }
    });

    public Task HasAsync(params string[] sockets) => Eventually.IsTrue(
        () => state is { } known && known.Sockets.Select(socket => socket.Name).Order().SequenceEqual(sockets.Order()),
        $"the edge has the sockets {string.Join(", ", sockets)}; it has {string.Join(", ", state?.Sockets.Select(socket => socket.Name) ?? [])}, {feed.Condition}");

    public Task IsAsync(FeedConditionState wanted) => Eventually.IsTrue(() => feed.Condition.State == wanted, $"the feed is {wanted}; it is {feed.Condition}");

    public async Task StopAsync()
    {
        if (!stopped)
        {
            stopped = true;
            await feed.StopAsync(CancellationToken.None);
            await stopping.CancelAsync();
            await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            feed.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        stopping.Dispose();
    }
}
