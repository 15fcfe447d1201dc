using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Feed;

/// <summary>
/// The feed of the edge in the same process: follows the store, and takes the edge's reports. Edges in processes of their own follow through it as well; what
/// they report is taken by <see cref="EdgeReportIntake"/>.
/// </summary>
internal sealed partial class ControlPlaneFeed : BackgroundService, IEdgeFeed
{
    /// <summary>Reports that wait to be stored. The oldest is dropped and counted when storing cannot keep up.</summary>
    public const int MaxWaitingReports = 4_096;

    private const int MaxBatch = 256;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly EdgeStateReader reader;
    private readonly EdgeObservations observations;
    private readonly ConnectorLogs logs;
    private readonly SocketCatalog sockets;
    private readonly SessionIntake sessions;
    private readonly TimeProvider time;
    private readonly ILogger<ControlPlaneFeed> logger;
    private readonly Channel<EdgeReport> reports;
    private readonly Lock gate = new();

    // Taken from the channel and not stored yet.
    private readonly List<EdgeReport> batch = new(MaxBatch);

    private ImmutableHashSet<Channel<bool>> followers = [];
    private long dropped;

    public ControlPlaneFeed(
        EdgeStateReader reader, EdgeObservations observations, ConnectorLogs logs, SocketCatalog sockets, SessionIntake sessions,
        TimeProvider time, ILogger<ControlPlaneFeed> logger)
    {
        (this.reader, this.observations, this.logs, this.sockets, this.sessions, this.time, this.logger)
            = (reader, observations, logs, sockets, sessions, time, logger);
        reports = Channel.CreateBounded<EdgeReport>(
            new BoundedChannelOptions(MaxWaitingReports) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => Interlocked.Increment(ref dropped));
    }

    /// <summary>Reports lost because too many waited, since the start.</summary>
    public long DroppedReports => Interlocked.Read(ref dropped);

    /// <summary>Something that edges see changed in the store.</summary>
    public void Changed()
    {
        foreach (var follower in followers)
        {
            follower.Writer.TryWrite(true);
        }
    }

    public async IAsyncEnumerable<EdgeState> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // One place is enough: a signal says "read again", and what is read is always the newest.
        var signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        signal.Writer.TryWrite(true);
        Add(signal);
        try
        {
            DesiredStateVersion? sent = null;
            while (await NextAsync(signal, cancellationToken).ConfigureAwait(false) is { } state)
            {
                if (state.Version != sent)
                {
                    sent = state.Version;
                    yield return state;
                }
            }
        }
        finally
        {
            Remove(signal);
        }
    }

    public void Report(EdgeReport report)
    {
        switch (report)
        {
            case EdgeReport.Listening listening:
                observations.Of(BuiltInEdge.Id).Note(listening.SocketId, new ListenerState(listening.EndPoint.Port, null));
                break;
            case EdgeReport.ListenFailed failed:
                // An edge that tries again and again must not fill the log with the same line.
                if (observations.Of(BuiltInEdge.Id).Note(failed.SocketId, new ListenerState(failed.Port, failed.Reason)))
                {
                    reports.Writer.TryWrite(failed);
                }

                break;
            case EdgeReport.LinksChanged changed:
                observations.Of(BuiltInEdge.Id).Note(changed.ConnectorId, changed.Replicas);
                break;
            case EdgeReport.SessionBegan began:
                sessions.Began(began.Session);
                break;
            case EdgeReport.SessionEnded ended:
                sessions.Ended(ended);
                break;
            default:
                reports.Writer.TryWrite(report);
                break;
        }
    }

    /// <summary>What waits is the last that the edge said before it was stopped: one try to keep it.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        // Not in ExecuteAsync: stopped early enough, it never runs.
        if (ExecuteTask is null or { IsCompleted: true })
        {
            while (reports.Reader.TryRead(out var report))
            {
                batch.Add(report);
            }

            await TryStoreAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long droppedBefore = 0;
        while (await reports.Reader.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
        {
            while (batch.Count < MaxBatch && reports.Reader.TryRead(out var report))
            {
                batch.Add(report);
            }

            while (!await TryStoreAsync(stoppingToken).ConfigureAwait(false))
            {
                await Task.Delay(RetryDelay, time, stoppingToken).ConfigureAwait(false);
            }

            batch.Clear();
            var droppedNow = DroppedReports;
            if (droppedNow != droppedBefore)
            {
                LogDropped(droppedNow - droppedBefore);
                droppedBefore = droppedNow;
            }
        }
    }

    private async Task<EdgeState?> NextAsync(Channel<bool> signal, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await signal.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                var state = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                observations.Keep(state);
                return state;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return null;
            }
            catch (ControlStoreException exception)
            {
                // The edge goes on with what it has.
                LogReadFailed(exception);
                signal.Writer.TryWrite(true);
                await Task.Delay(RetryDelay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return null;
    }

    private async Task<bool> TryStoreAsync(CancellationToken cancellationToken)
    {
        if (batch.Count == 0)
        {
            return true;
        }

        try
        {
            var records = new List<(ConnectorId Connector, LogRecord Record)>();
            foreach (var report in batch)
            {
                if (report is EdgeReport.Logged logged)
                {
                    records.Add((logged.ConnectorId, EdgeLogRecord.Of(logged)));
                }
                else if (report is EdgeReport.ListenFailed failed
                    && await sockets.FindAsync(failed.SocketId.Value, cancellationToken).ConfigureAwait(false) is { } socket)
                {
                    var record = EdgeLogRecord.Of(failed, socket.Name, BuiltInEdge.Name, time.GetUtcNow());
                    records.AddRange(socket.Connectors.Select(link => (new ConnectorId(link.ConnectorId), record)));
                }
            }

            await logs.AppendAsync(records.ToLookup(entry => entry.Connector, entry => entry.Record), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ControlStoreException exception)
        {
            LogStoreFailed(batch.Count, exception);
            return false;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A report that cannot be stored at all must not stop those behind it.
            LogReportsLost(batch.Count, exception);
            return true;
        }
    }

    private void Add(Channel<bool> follower)
    {
        lock (gate)
        {
            followers = followers.Add(follower);
        }
    }

    private void Remove(Channel<bool> follower)
    {
        lock (gate)
        {
            followers = followers.Remove(follower);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Count} reports of the edge were dropped because too many waited to be stored")]
    private partial void LogDropped(long count);

    [LoggerMessage(LogLevel.Error, "the edge's state could not be read; the edge goes on with what it has, trying again")]
    private partial void LogReadFailed(Exception exception);

    [LoggerMessage(LogLevel.Error, "{Count} reports of the edge could not be stored, trying again")]
    private partial void LogStoreFailed(int count, Exception exception);

    [LoggerMessage(LogLevel.Error, "{Count} reports of the edge are unfit to be stored and were dropped")]
    private partial void LogReportsLost(int count, Exception exception);
}
