using Connector.Server.Feed;

namespace Connector.Server.Edge;

/// <summary>
/// Follows the feed for as long as the edge runs and starts over when it ends. The next state is fetched only when the one before has been
/// applied: what comes meanwhile waits in the feed, which keeps only the newest.
/// </summary>
internal sealed class FeedFollower(IEdgeFeed feed, TimeProvider time, Action<EdgeState> arrived, Action<string> interrupted)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private volatile TaskCompletionSource applied = new();

    /// <summary>The state last handed over has been applied.</summary>
    public void Applied() => applied.TrySetResult();

    /// <summary>Completes when the token is cancelled. Never faults.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var state in feed.FollowAsync(cancellationToken).ConfigureAwait(false))
                {
                    var done = applied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    arrived(state);
                    await done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
                }

                interrupted("the feed ended");
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                interrupted(e.Message);
            }

            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
