using System.Threading.Channels;
using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Connector.Server.Feed.Wire;
using Connector.Server.Store;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Feed.Serving;

/// <summary>What is said and heard on the stream of one edge. Every loop ends with the connection, and ends it when it fails.</summary>
internal sealed partial class EdgeFeedSession(EdgeConnection connection, string name, EdgeFeedServices services, IAsyncStreamWriter<FeedMessage> responses) : IDisposable
{
    private static readonly TimeSpan StoreRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ApplyDeadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SeenInterval = TimeSpan.FromMinutes(1);

    private readonly ILogger<EdgeFeedSession> logger = services.Loggers.CreateLogger<EdgeFeedSession>();
    private readonly SemaphoreSlim writing = new(1, 1);
    private readonly LinksDecoder links = new();

    // The edge has one batch out at a time.
    private readonly Channel<ReportBatch> batches = Channel.CreateBounded<ReportBatch>(new BoundedChannelOptions(1) { SingleReader = true, SingleWriter = true });
    private readonly Channel<bool> applied = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly EdgeObservation observation = services.Observations.Of(connection.Edge);
    private bool badReportTold;
    private (long Logs, long Sessions) droppedTold;

    /// <summary>Completes when all has ended. Never faults.</summary>
    public Task RunAsync(IAsyncStreamReader<EdgeMessage> requests)
    {
        services.Intake.BeginTelling(connection.Edge);
        return Task.WhenAll(Guarded(() => ReadAllAsync(requests)), Guarded(FollowAsync), Guarded(StoreAllAsync), Guarded(WatchAsync));
    }

    public void Dispose() => writing.Dispose();

    private async Task Guarded(Func<Task> loop)
    {
        try
        {
            await Task.Yield();
            await loop().ConfigureAwait(false);
            connection.End(StatusCode.Cancelled, "the connection broke");
        }
        catch (FeedProtocolException exception)
        {
            connection.End(StatusCode.InvalidArgument, exception.Message);
        }
        catch (TimeoutException)
        {
            connection.End(StatusCode.Aborted, $"the edge did not read within {FeedBounds.WriteDeadline.TotalSeconds:0} s");
        }
        catch (Exception exception) when (connection.Ended.IsCompleted || exception is OperationCanceledException or IOException or RpcException or InvalidOperationException)
        {
            connection.End(StatusCode.Cancelled, "the connection broke");
        }
        catch (Exception exception)
        {
            LogDefect(name, exception);
            connection.End(StatusCode.Internal, "the control plane failed; its log says more");
        }
    }

    private async Task SendAsync(FeedMessage message)
    {
        await writing.WaitAsync(connection.EndedToken).ConfigureAwait(false);
        try
        {
            // A write that is cancelled resets the HTTP/2 stream, and the reason of the end would not arrive. One that hangs is aborted by the service.
            await responses.WriteAsync(message, CancellationToken.None).WaitAsync(FeedBounds.WriteDeadline, services.Time, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            writing.Release();
        }
    }

    private async Task ReadAllAsync(IAsyncStreamReader<EdgeMessage> requests)
    {
        while (await requests.MoveNext(connection.EndedToken).ConfigureAwait(false))
        {
            connection.Hear();
            observation.Hear();
            var message = requests.Current;
            switch (message.MessageCase)
            {
                case EdgeMessage.MessageOneofCase.Reports when message.Reports.Reports.Count > FeedBounds.MaxReports:
                    throw new FeedProtocolException($"a batch has {message.Reports.Reports.Count} reports, {FeedBounds.MaxReports} are the most");
                case EdgeMessage.MessageOneofCase.Reports when !batches.Writer.TryWrite(message.Reports):
                    throw new FeedProtocolException("a batch of reports came before the one before it was answered");
                case EdgeMessage.MessageOneofCase.Applied:
                    connection.Applied = StateAssembler.VersionOf(message.Applied.Version);
                    applied.Writer.TryWrite(true);
                    break;
                case EdgeMessage.MessageOneofCase.Hello:
                    throw new FeedProtocolException("a second hello came");
            }
        }
    }

    /// <summary>The whole first, then what changes. The next is sent only when the edge has put the last in force: what comes meanwhile is one change more.</summary>
    private async Task FollowAsync()
    {
        await SendAsync(new FeedMessage
        {
            Welcome = new FeedWelcome { EdgeId = connection.Edge.Value, Name = name, OrganizationId = services.OrganizationId },
        }).ConfigureAwait(false);
        EdgeState? told = null;
        await foreach (var state in services.Feed.FollowAsync(connection.EndedToken).ConfigureAwait(false))
        {
            var parts = told is null || told.Version.Incarnation != state.Version.Incarnation ? StateParts.Whole(state) : StateParts.Changes(told, state);
            foreach (var part in parts)
            {
                await SendAsync(new FeedMessage { State = part }).ConfigureAwait(false);
            }

            told = state;
            await AppliedAsync(state.Version).ConfigureAwait(false);
        }
    }

    private async Task AppliedAsync(DesiredStateVersion version)
    {
        using var deadline = new CancellationTokenSource(ApplyDeadline, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, connection.EndedToken);
        try
        {
            while (connection.Applied != version)
            {
                await applied.Reader.ReadAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            connection.End(StatusCode.Aborted, $"the edge did not put state {version} in force within {ApplyDeadline.TotalSeconds:0} s");
            throw;
        }
    }

    private async Task StoreAllAsync()
    {
        while (await batches.Reader.WaitToReadAsync(connection.EndedToken).ConfigureAwait(false))
        {
            // Left in its place until it is answered: so a second one is noticed.
            if (batches.Reader.TryPeek(out var batch))
            {
                await StoreAsync(batch).ConfigureAwait(false);
                batches.Reader.TryRead(out _);
                await SendAsync(new FeedMessage { Stored = new ReportsStored { Sequence = batch.Sequence } }).ConfigureAwait(false);
            }
        }
    }

    private async Task StoreAsync(ReportBatch batch)
    {
        var reports = Read(batch);
        while (true)
        {
            try
            {
                await services.Intake.TakeAsync(connection.Edge, name, connection.Boot, batch.Sequence, reports, connection.EndedToken).ConfigureAwait(false);
                break;
            }
            catch (ControlStoreException exception)
            {
                // Not answered meanwhile: the edge keeps what it has to say, within its bounds.
                LogStoreFailed(name, exception);
                await Task.Delay(StoreRetry, services.Time, connection.EndedToken).ConfigureAwait(false);
            }
        }

        if (batch.Complete)
        {
            services.Intake.EndTelling(connection.Edge);
        }

        if ((batch.DroppedLogs, batch.DroppedSessions) is var dropped && dropped != droppedTold)
        {
            droppedTold = dropped;
            LogDropped(name, dropped.DroppedLogs, dropped.DroppedSessions);
        }
    }

    private List<EdgeReport> Read(ReportBatch batch)
    {
        var reports = new List<EdgeReport>(batch.Reports.Count);
        foreach (var report in batch.Reports)
        {
            switch (report.ReportCase)
            {
                case Report.ReportOneofCase.Links:
                    links.Take(report.Links);
                    break;
                case Report.ReportOneofCase.Served:
                    links.Take(report.Served);
                    break;
                default:
                    if (ReportWire.Of(report, connection.Edge, out var problem) is { } read)
                    {
                        reports.Add(read);
                    }
                    else if (!badReportTold)
                    {
                        badReportTold = true;
                        LogBadReport(name, problem);
                    }

                    break;
            }
        }

        reports.AddRange(links.Drain());
        return reports;
    }

    private async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(FeedBounds.Heartbeat, services.Time);
        var checkedAt = services.Time.GetTimestamp();
        var seenAt = checkedAt;
        while (await timer.WaitForNextTickAsync(connection.EndedToken).ConfigureAwait(false))
        {
            var now = services.Time.GetTimestamp();
            if (services.Time.GetElapsedTime(checkedAt, now) > FeedBounds.StaleAfter)
            {
                connection.Hear();
            }

            checkedAt = now;
            if (connection.Silence is var silence && silence > FeedBounds.DeadAfter)
            {
                connection.End(StatusCode.Aborted, $"the edge said nothing for {silence.TotalSeconds:0} s");
                return;
            }

            await SendAsync(new FeedMessage { Heartbeat = new Heartbeat() }).ConfigureAwait(false);
            if (services.Time.GetElapsedTime(seenAt, now) >= SeenInterval)
            {
                seenAt = now;
                await SeenAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task SeenAsync()
    {
        try
        {
            if (!await services.Catalog.SeenAsync(connection.Edge, null, connection.EndedToken).ConfigureAwait(false))
            {
                connection.End(StatusCode.Unauthenticated, EdgeFeedService.DeletedText(name));
            }
        }
        catch (ControlStoreException exception)
        {
            LogStoreFailed(name, exception);
        }
    }

    [LoggerMessage(LogLevel.Error, "what edge {Edge} reported could not be stored, trying again")]
    private partial void LogStoreFailed(string edge, Exception exception);

    [LoggerMessage(LogLevel.Warning, "edge {Edge} had to drop {Logs} log records and {Sessions} records of sessions since its start: more waited than it keeps")]
    private partial void LogDropped(string edge, long logs, long sessions);

    [LoggerMessage(LogLevel.Warning, "edge {Edge} sent a report that was left out, as others like it will be: {Problem}")]
    private partial void LogBadReport(string edge, string problem);

    [LoggerMessage(LogLevel.Error, "serving edge {Edge} failed unexpectedly; please report it")]
    private partial void LogDefect(string edge, Exception exception);
}
