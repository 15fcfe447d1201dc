using System.Threading.Channels;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Control;

/// <summary>
/// The one writer between a control session and the store: log records in order, and notes of when the connector was heard. Bounded; a store that fails is
/// tried again until the intake is closed, so an acknowledged batch is a stored one.
/// </summary>
internal sealed partial class LogIntake : IAsyncDisposable
{
    private const int QueuedItems = 2048;
    private const int RecordsPerWrite = 200;
    private static readonly TimeSpan CloseGrace = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(5);

    private readonly IControlStore store;
    private readonly ConnectorId connectorId;
    private readonly TimeSpan deadline;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Action<StaleEpochException> stale;
    // Full: plain records are dropped and counted, batches wait.
    private readonly Channel<Item> items = Channel.CreateBounded<Item>(new BoundedChannelOptions(QueuedItems) { SingleReader = true });
    private readonly CancellationTokenSource closing = new();
    private readonly Task writing;
    private long dropped;

    /// <param name="stale">Told, on a pool thread, that a write was refused because a newer control session exists.</param>
    public LogIntake(IControlStore store, ConnectorId connectorId, TimeSpan deadline, TimeProvider time, ILogger logger, Action<StaleEpochException> stale)
    {
        this.store = store;
        this.connectorId = connectorId;
        this.deadline = deadline;
        this.time = time;
        this.logger = logger;
        this.stale = stale;
        writing = Task.Run(WriteAsync);
    }

    /// <summary>Adds a record; when the intake is full it is dropped and counted.</summary>
    public void Add(SessionEpoch epoch, LogRecord record)
    {
        if (!items.Writer.TryWrite(new Item(epoch, [record], null, null, null)))
        {
            CountDropped();
        }
    }

    /// <summary>Counts a record that was lost before it reached the intake; a record with the number follows.</summary>
    public void CountDropped() => Interlocked.Increment(ref dropped);

    /// <summary>Adds a batch; waits while the intake is full.</summary>
    /// <param name="position">With it a batch that was stored before, by this or an earlier control session, is not stored again.</param>
    /// <param name="stored">Called on a pool thread when the batch is durable; not called when it was refused or the intake closed.</param>
    public ValueTask AddBatchAsync(
        SessionEpoch epoch, IReadOnlyList<LogRecord> records, LogPosition? position, Action stored, CancellationToken cancellationToken)
        => items.Writer.WriteAsync(new Item(epoch, records, position, stored, null), cancellationToken);

    /// <summary>Notes that the connector was heard. Lost when the intake is full: the next one follows soon.</summary>
    public void Touch(DateTimeOffset at, string? metadataJson) => items.Writer.TryWrite(new Item(default, [], null, null, new Heard(at, metadataJson)));

    /// <summary>Takes nothing more and writes what is there, for a bounded time.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!items.Writer.TryComplete())
        {
            return;
        }

        closing.CancelAfter(CloseGrace);
        await writing.ConfigureAwait(false);
        closing.Dispose();
    }

    private async Task WriteAsync()
    {
        try
        {
            while (await items.Reader.WaitToReadAsync(closing.Token).ConfigureAwait(false))
            {
                while (items.Reader.TryRead(out var item))
                {
                    await WriteAsync(item).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (closing.IsCancellationRequested)
        {
            LogAbandoned(logger, connectorId, items.Reader.Count);
        }
    }

    private async Task WriteAsync(Item item)
    {
        if (item.Heard is { } heard)
        {
            await RepeatAsync(token => store.TouchAsync(connectorId, heard.At, heard.MetadataJson, token)).ConfigureAwait(false);
            return;
        }

        var records = new List<LogRecord>(item.Records);
        while (item.Stored is null && records.Count < RecordsPerWrite && items.Reader.TryPeek(out var next)
            && next is { Stored: null, Heard: null } && next.Epoch == item.Epoch && items.Reader.TryRead(out next))
        {
            records.AddRange(next.Records);
        }

        var lost = Interlocked.Exchange(ref dropped, 0);
        var gap = lost == 0 ? null : new LogRecord(
            time.GetUtcNow(), "warn", $"{lost} log records were dropped, because they came faster than the control plane stores them", null, null, "control-plane");
        try
        {
            if (gap is not null && item.Position is null)
            {
                records.Add(gap);
            }
            else if (gap is not null)
            {
                // On its own: a batch that is stored already is not stored again, and this record must not go with it.
                await RepeatAsync(token => store.AppendLogsAsync(connectorId, item.Epoch, [gap], null, token)).ConfigureAwait(false);
            }

            await RepeatAsync(token => store.AppendLogsAsync(connectorId, item.Epoch, records, item.Position, token)).ConfigureAwait(false);
            item.Stored?.Invoke();
        }
        catch (StaleEpochException exception)
        {
            stale(exception);
        }
    }

    private async Task RepeatAsync(Func<CancellationToken, Task> write)
    {
        var delay = FirstRetry;
        for (var attempt = 1; ; attempt++)
        {
            using var bounded = new CancellationTokenSource(deadline, time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(bounded.Token, closing.Token);
            try
            {
                await write(linked.Token).ConfigureAwait(false);
                return;
            }
            catch (Exception exception) when (exception is not StaleEpochException && !closing.IsCancellationRequested)
            {
                if (attempt == 1)
                {
                    LogStoreFailed(logger, connectorId, exception.Message);
                }
            }

            await Task.Delay(delay, time, closing.Token).ConfigureAwait(false);
            delay = delay + delay < LongestRetry ? delay + delay : LongestRetry;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connector {ConnectorId}: writing its log records failed and is tried again: {Reason}")]
    private static partial void LogStoreFailed(ILogger logger, ConnectorId connectorId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connector {ConnectorId}: {Count} log writes were given up, because the store did not take them in time")]
    private static partial void LogAbandoned(ILogger logger, ConnectorId connectorId, int count);

    private sealed record Item(SessionEpoch Epoch, IReadOnlyList<LogRecord> Records, LogPosition? Position, Action? Stored, Heard? Heard);

    private sealed record Heard(DateTimeOffset At, string? MetadataJson);
}
