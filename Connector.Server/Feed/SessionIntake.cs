using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Threading.Channels;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Feed;

/// <summary>
/// Takes edges' reports of sessions: keeps the live ones at hand and stores the ended ones in batches, so that thousands a second make a few
/// transactions. Has its own queue: sessions cannot push log records out, nor the other way round.
/// </summary>
internal sealed partial class SessionIntake : BackgroundService
{
    public const string MeterName = "Connector.Server.Feed";

    /// <summary>Ended sessions that wait to be stored. The oldest is dropped and counted when storing cannot keep up.</summary>
    public const int MaxWaiting = 16_384;

    /// <summary>Records of one transaction.</summary>
    public const int MaxBatch = 2_048;

    /// <summary>What ends within it goes into one transaction.</summary>
    public static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TrimInterval = TimeSpan.FromHours(1);
    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> StoredCount = Meter.CreateCounter<long>(
        "connector.server.sessions.stored", "{session}", "Records of ended sessions that were stored");

    private static readonly Counter<long> DroppedCount = Meter.CreateCounter<long>(
        "connector.server.sessions.dropped", "{session}", "Records of ended sessions that were lost because too many waited to be stored");

    private readonly SessionHistory history;
    private readonly TimeProvider time;
    private readonly ILogger<SessionIntake> logger;
    private readonly Channel<EdgeReport.SessionEnded> ended;

    // Taken from the channel and not stored yet.
    private readonly List<SessionRow> batch = new(MaxBatch);
    private long dropped;
    private long transactions;

    public SessionIntake(SessionHistory history, TimeProvider time, ILogger<SessionIntake> logger)
    {
        (this.history, this.time, this.logger) = (history, time, logger);
        ended = Channel.CreateBounded<EdgeReport.SessionEnded>(
            new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, _ => Dropped(1));
    }

    public LiveSessions Live { get; } = new();

    /// <summary>Records lost since the start.</summary>
    public long DroppedRecords => Interlocked.Read(ref dropped);

    /// <summary>Batches stored since the start.</summary>
    public long Transactions => Interlocked.Read(ref transactions);

    public void Began(SessionRecord session) => Live.Add(session);

    /// <summary>Never blocks.</summary>
    public void Ended(EdgeReport.SessionEnded report)
    {
        Live.Remove(report.Session.Id);
        ended.Writer.TryWrite(report);
    }

    /// <summary>What waits is the last that the edge said before it was stopped: one try to keep it.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);

        // Not in ExecuteAsync: stopped early enough, it never runs.
        if (ExecuteTask is null or { IsCompleted: true })
        {
            do
            {
                Gather();
            }
            while (await TryStoreAsync(cancellationToken).ConfigureAwait(false) && ended.Reader.TryPeek(out _));
        }
    }

    /// <summary>Others stored so many records, with what belongs to them.</summary>
    public void CountStored(int count)
    {
        StoredCount.Add(count);
        Interlocked.Increment(ref transactions);
    }

    internal static SessionRow RowOf(EdgeReport.SessionEnded report)
    {
        var (session, ending) = (report.Session, report.Ending);
        return new SessionRow
        {
            SessionId = session.Id.ToString(),
            ConnectorId = session.ConnectorId.Value,
            SocketId = session.SocketId.Value,
            SocketName = session.SocketName,
            ReplicaId = session.ReplicaId.Value,
            EdgeId = session.EdgeId.Value,
            ClientAddress = session.Client.Address.ToString(),
            ClientPort = session.Client.Port,
            StartedAt = session.StartedAt.ToUnixTimeMilliseconds(),
            EndedAt = ending.EndedAt.ToUnixTimeMilliseconds(),
            DurationMs = (long)ending.Duration.TotalMilliseconds,
            BytesToClient = ending.BytesToClient,
            BytesFromClient = ending.BytesFromClient,
            EndedBy = JsonNamingPolicy.SnakeCaseLower.ConvertName(ending.EndedBy.ToString()),
            Code = ending.Code,
            Reason = ending.Reason,
            Resumes = ending.Resumes,
        };
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(StoreAsync(stoppingToken), TrimAsync(stoppingToken));

    private async Task StoreAsync(CancellationToken stoppingToken)
    {
        long droppedBefore = 0;
        while (await ended.Reader.WaitToReadAsync(stoppingToken).ConfigureAwait(false))
        {
            if (ended.Reader.Count < MaxBatch)
            {
                await Task.Delay(GatherTime, time, stoppingToken).ConfigureAwait(false);
            }

            Gather();
            while (!await TryStoreAsync(stoppingToken).ConfigureAwait(false))
            {
                await Task.Delay(RetryDelay, time, stoppingToken).ConfigureAwait(false);
            }

            var droppedNow = DroppedRecords;
            if (droppedNow != droppedBefore)
            {
                LogDropped(droppedNow - droppedBefore);
                droppedBefore = droppedNow;
            }
        }
    }

    private async Task TrimAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TrimInterval, time);
        do
        {
            try
            {
                await history.TrimByAgeAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (ControlStoreException exception)
            {
                // Tried again with the next interval; nothing that is too old is shown meanwhile.
                LogTrimFailed(exception);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    private void Gather()
    {
        while (batch.Count < MaxBatch && ended.Reader.TryRead(out var report))
        {
            batch.Add(RowOf(report));
        }
    }

    private async Task<bool> TryStoreAsync(CancellationToken cancellationToken)
    {
        if (batch.Count == 0)
        {
            return true;
        }

        try
        {
            StoredCount.Add(await history.AppendAsync(batch, cancellationToken).ConfigureAwait(false));
            Interlocked.Increment(ref transactions);
        }
        catch (ControlStoreException exception)
        {
            LogStoreFailed(batch.Count, exception);
            return false;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Records that cannot be stored at all must not stop those behind them.
            LogUnfit(batch.Count, exception);
            Dropped(batch.Count);
        }

        batch.Clear();
        return true;
    }

    private void Dropped(int count)
    {
        Interlocked.Add(ref dropped, count);
        DroppedCount.Add(count);
    }

    [LoggerMessage(LogLevel.Warning, "{Count} records of ended sessions were dropped because too many waited to be stored")]
    private partial void LogDropped(long count);

    [LoggerMessage(LogLevel.Error, "{Count} records of ended sessions could not be stored, trying again")]
    private partial void LogStoreFailed(int count, Exception exception);

    [LoggerMessage(LogLevel.Error, "{Count} records of ended sessions are unfit to be stored and were dropped")]
    private partial void LogUnfit(int count, Exception exception);

    [LoggerMessage(LogLevel.Error, "old records of sessions could not be deleted, trying again later")]
    private partial void LogTrimFailed(Exception exception);
}
