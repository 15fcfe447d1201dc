using Connector.Protocol.Ids;

namespace Connector.Relay.Memory;

/// <summary>One socket's share of the relay's memory, with its own account of buffers.</summary>
public sealed class SocketMemory
{
    private long outstanding;

    internal SocketMemory(SocketId socketId, RelayMemory memory, MemoryBudget budget)
    {
        SocketId = socketId;
        Memory = memory;
        Budget = budget;
    }

    public SocketId SocketId { get; }

    /// <summary>Buffers that streams of this socket hold now. 0 once its streams have ended.</summary>
    public long OutstandingBuffers => Interlocked.Read(ref outstanding);

    /// <summary>Bytes of the pool that this socket's streams use now.</summary>
    public long UsedBytes => Budget.Used;

    internal RelayMemory Memory { get; }

    internal MemoryBudget Budget { get; }

    internal void BufferRented() => Interlocked.Increment(ref outstanding);

    internal void BufferReturned() => Interlocked.Decrement(ref outstanding);
}
