using Connector.Protocol.Ids;
using Connector.Relay.Accounting;

namespace Connector.Relay.Memory;

/// <summary>All memory of the relay in this process: the buffer pool, and the budgets of rule 4.</summary>
public sealed class RelayMemory
{
    /// <summary>What every stream has for certain: a receive window of 12 KiB and one send buffer of 4 KiB.</summary>
    internal const int StreamReserve = 16 << 10;

    internal const int ReservedWindow = StreamReserve - BufferPool.Small;

    private readonly RelayMemoryOptions options;
    private int streams;

    public RelayMemory(RelayMemoryOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.PoolBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxStreams, 1);
        this.options = options;
        Pool = new BufferPool(options.Poison);
        Budget = new MemoryBudget(options.PoolBytes);
        Metrics = new RelayMetrics(options.End);
        RelayInstruments.Show(this);
    }

    /// <summary>What this relay counts.</summary>
    public RelayMetrics Metrics { get; }

    /// <summary>Buffers rented and not returned, over the life of the process.</summary>
    public long OutstandingBuffers => Pool.Outstanding;

    /// <summary>Bytes taken from the pool now, buffers and promised windows together.</summary>
    public long UsedBytes => Budget.Used;

    /// <summary>Streams that hold a reserve now.</summary>
    public int ReservedStreams => Volatile.Read(ref streams);

    internal BufferPool Pool { get; }

    internal MemoryBudget Budget { get; }

    /// <summary>The share of one socket: at most a quarter of the pool.</summary>
    public SocketMemory ForSocket(SocketId socketId) => new(socketId, this, new MemoryBudget(options.PoolBytes / 4, Budget));

    /// <summary>A link's own bound, which its streams meet besides their socket's.</summary>
    internal MemoryBudget ForLink() => new(options.PoolBytes);

    internal bool TryReserveStream()
    {
        if (Interlocked.Increment(ref streams) <= options.MaxStreams)
            return true;
        Interlocked.Decrement(ref streams);
        return false;
    }

    internal void ReleaseStream() => Interlocked.Decrement(ref streams);
}
