using Connector.Protocol.Ids;
using Connector.Server.Feed.Wire;
using Grpc.Core;

namespace Connector.Server.Feed.Serving;

/// <summary>The stream of one edge, as long as it lasts. Thread-safe.</summary>
internal sealed class EdgeConnection(EdgeId edge, BootId boot, string remoteAddress, TimeProvider time)
{
    private readonly TaskCompletionSource<(StatusCode Code, string Reason)> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource ending = new();
    private readonly Lock gate = new();
    private long heardAt = time.GetTimestamp();
    private DesiredStateVersion? applied;

    public EdgeId Edge => edge;

    public BootId Boot => boot;

    public string RemoteAddress => remoteAddress;

    public DateTimeOffset Since { get; } = time.GetUtcNow();

    /// <summary>Why it ended; the first reason counts.</summary>
    public Task<(StatusCode Code, string Reason)> Ended => ended.Task;

    public CancellationToken EndedToken => ending.Token;

    public TimeSpan Silence => time.GetElapsedTime(Interlocked.Read(ref heardAt));

    /// <summary>It was heard so lately that its process must be taken for living.</summary>
    public bool IsLive => !ended.Task.IsCompleted && Silence < FeedBounds.StaleAfter;

    /// <summary>The state that is in force at the edge; null while it has said nothing.</summary>
    public DesiredStateVersion? Applied
    {
        get
        {
            lock (gate)
            {
                return applied;
            }
        }

        set
        {
            lock (gate)
            {
                applied = value;
            }
        }
    }

    /// <summary>Also when this process slept: then the silence is ours.</summary>
    public void Hear() => Interlocked.Exchange(ref heardAt, time.GetTimestamp());

    public void End(StatusCode code, string reason)
    {
        if (ended.TrySetResult((code, reason)))
        {
            // Whoever waits for it may do much: not on the thread of who ends it.
            _ = ending.CancelAsync();
        }
    }
}
