using System.Threading.Channels;
using Connector.Protocol.Control.Wire;

namespace Connector.Actors.Logs;

/// <summary>Between the loggers of any thread and the log shipper. Bounded, never blocks a logger, counts what did not fit. Thread-safe.</summary>
public sealed class LogInlet
{
    /// <summary>Of the batches that the shipper makes of these records.</summary>
    internal LogSequence Sequence { get; } = new();

    private const int Capacity = 4096;

    private readonly Channel<Log> channel;
    private long dropped;

    public LogInlet()
        // Drop policy: the oldest goes, as in the outbox behind it.
        => channel = Channel.CreateBounded<Log>(
            new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => Interlocked.Increment(ref dropped));

    internal void Add(Log record) => channel.Writer.TryWrite(record);

    internal bool TryTake(out Log? record) => channel.Reader.TryRead(out record);

    internal Task<bool> WaitAsync(CancellationToken cancellationToken) => channel.Reader.WaitToReadAsync(cancellationToken).AsTask();

    /// <summary>How many were lost since the last call.</summary>
    internal long TakeDropped() => Interlocked.Exchange(ref dropped, 0);
}
