using System.Runtime.CompilerServices;
using Connector.Protocol.Ids;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Feed.Following;

/// <summary>
/// The feed of an edge in a process of its own. Keeps the newest state, also on the disk, so that the edge starts and serves while the control plane is away; dials
/// the control plane for as long as it runs; says once per change how it stands with it.
/// </summary>
public sealed partial class RemoteFeed : IHostedService, IEdgeFeed, IDisposable
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(500);

    private readonly RemoteFeedOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<RemoteFeed> logger;
    private readonly BootId bootId = BootId.New();
    private readonly FeedFreshness freshness;
    private readonly StateKeeper keeper;
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource aborting = new();
    private Task[] running = [];

    public RemoteFeed(RemoteFeedOptions options, TimeProvider time, ILogger<RemoteFeed> logger)
        : this(options, time, logger, FeedFreshness.TooOldAfter)
    {
    }

    internal RemoteFeed(RemoteFeedOptions options, TimeProvider time, ILogger<RemoteFeed> logger, TimeSpan tooOldAfter)
    {
        (this.options, this.time, this.logger) = (options, time, logger);
        freshness = new FeedFreshness(time, tooOldAfter);
        keeper = new StateKeeper(options, time, logger);
    }

    /// <summary>How the edge stands with its control plane now.</summary>
    public FeedCondition Condition => freshness.Now;

    /// <summary>Log records and ended sessions that were lost because too many waited, since the start.</summary>
    public (long Logs, long Sessions) Dropped => Outbox.Dropped;

    internal ReportOutbox Outbox { get; } = new();

    /// <exception cref="FeedStartException">The state on the disk is another edge's, or cannot be read.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (keeper.Restore() is { } kept)
        {
            freshness.Restored(kept.State.Version, kept.ConfirmedAt);
            if (freshness.Now.State == FeedConditionState.TooOld)
            {
                keeper.Close();
                LogTooOld(kept.ConfirmedAt.UtcDateTime, "this process was not running");
            }
            else
            {
                LogRestored(kept.State.Version, kept.State.Sockets.Length, kept.ConfirmedAt.UtcDateTime);
            }
        }

        running = [Task.Run(FollowAsync, CancellationToken.None), Task.Run(WatchAsync, CancellationToken.None), Task.Run(() => keeper.WriteAllAsync(stopping.Token), CancellationToken.None)];
        return Task.CompletedTask;
    }

    /// <summary>To be called after the edge has stopped: what it said last is told, within a deadline.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(options.FlushDeadline);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (!Outbox.IsEmpty && freshness.Now.State == FeedConditionState.Fresh && await poll.WaitForNextTickAsync(deadline.Token).ConfigureAwait(false))
            {
            }
        }
        catch (OperationCanceledException)
        {
            // What is not stored by now is lost, as with a process that is killed.
        }

        await stopping.CancelAsync().ConfigureAwait(false);
        await aborting.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        keeper.WriteNow();
    }

    public async IAsyncEnumerable<EdgeState> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        EdgeState? sent = null;
        while (!cancellationToken.IsCancellationRequested)
        {
            var (state, next) = keeper.InForce;
            if (state is not null && state != sent)
            {
                sent = state;
                yield return state;

                // Asked for the next: this one has been applied.
                keeper.Applied(state.Version);
                continue;
            }

            await next.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Report(EdgeReport report) => Outbox.Add(report);

    /// <summary>Ends what runs, also when nobody stopped it: a host whose start failed is only disposed of.</summary>
    public void Dispose()
    {
        // The sources are not disposed of: what is just ending may still look at their tokens.
        stopping.Cancel();
        aborting.Cancel();
    }

    private async Task FollowAsync()
    {
        var reconnect = new FeedReconnect(Random.Shared.NextDouble);
        FeedFailureKind? told = null;
        void Followed()
        {
            told = null;
            reconnect.Reset();
        }

        while (!stopping.IsCancellationRequested)
        {
            FeedFailure failure;
            try
            {
                failure = await FollowOnceAsync(Followed).ConfigureAwait(false);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (FeedFailedException exception)
            {
                failure = exception.Failure;
            }
            catch (Exception exception)
            {
                // A defect of ours must not leave the edge without a feed for ever.
                LogDefect(exception);
                failure = new FeedFailure(FeedFailureKind.Ended, $"following failed: {exception.Message}");
            }

            freshness.Lost(failure.Reason);
            if (told != failure.Kind)
            {
                told = failure.Kind;
                Log(failure);
            }

            await Task.Delay(reconnect.Next(failure), time, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<FeedFailure> FollowOnceAsync(Action followed)
    {
        using var opening = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        using var stream = await FeedStream.OpenAsync(options, time, opening.Token).ConfigureAwait(false);
        var session = new FeedSession(stream, options, bootId, keeper, freshness, Outbox, time, followed);
        return await session.RunAsync(stopping.Token).ConfigureAwait(false);
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(CheckInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(aborting.Token).ConfigureAwait(false))
            {
                if (freshness.Check() is { } change)
                {
                    Say(change);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private void Say(FeedCondition change)
    {
        switch (change.State)
        {
            case FeedConditionState.Fresh:
                keeper.Open();
                LogFresh(change.Version!.Value);
                break;
            case FeedConditionState.Stale:
                LogStale(change.HeardAt!.Value.UtcDateTime, change.Reason, change.Version!.Value);
                break;
            case FeedConditionState.TooOld:
                keeper.Close();
                LogTooOld(change.HeardAt!.Value.UtcDateTime, change.Reason);
                break;
        }
    }

    private void Log(FeedFailure failure)
    {
        switch (failure.Kind)
        {
            case FeedFailureKind.Refused:
                LogRefused(options.Server, failure.Reason);
                break;
            case FeedFailureKind.OutOfOrder:
                LogOutOfOrder(options.Server, failure.Reason);
                break;
            default:
                LogAway(options.Server, failure.Reason);
                break;
        }
    }

    [LoggerMessage(LogLevel.Information, "the state of an earlier run is in force: version {Version}, {Sockets} sockets, confirmed by the control plane at {ConfirmedAt:u}")]
    private partial void LogRestored(DesiredStateVersion version, int sockets, DateTime confirmedAt);

    [LoggerMessage(LogLevel.Information, "the control plane is followed; state {Version} is in force")]
    private partial void LogFresh(DesiredStateVersion version);

    [LoggerMessage(LogLevel.Warning, "stale: the control plane was not heard since {Since:u} ({Reason}); users and replicas are served by state {Version}, changes arrive when it is back")]
    private partial void LogStale(DateTime since, string reason, DesiredStateVersion version);

    [LoggerMessage(LogLevel.Error, "too old: the control plane was not heard since {Since:u} ({Reason}), longer than any ticket lives; nobody is served until it is back")]
    private partial void LogTooOld(DateTime since, string reason);

    [LoggerMessage(LogLevel.Warning, "no feed from {Server}: {Reason}; trying again, what is known stays in force")]
    private partial void LogAway(Uri server, string reason);

    [LoggerMessage(LogLevel.Error, "{Server} refuses this edge: {Reason}; give it a new credential (POST /api/v1/edge/NAME/credential, or POST /api/v1/edge), or stop it. It keeps trying, and serves what it knows until that is too old")]
    private partial void LogRefused(Uri server, string reason);

    [LoggerMessage(LogLevel.Error, "the feed of {Server} was not taken: {Reason}; what is known stays in force")]
    private partial void LogOutOfOrder(Uri server, string reason);

    [LoggerMessage(LogLevel.Error, "following the control plane failed unexpectedly, trying again; please report it")]
    private partial void LogDefect(Exception exception);
}
