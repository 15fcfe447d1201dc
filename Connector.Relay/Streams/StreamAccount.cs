using Connector.Relay.Memory;

namespace Connector.Relay.Streams;

/// <summary>
/// The memory of one stream (rule 4): its reserve, its promised receive window, and the buffers it rents beside them from the budgets of its
/// socket, its link and the process. Not thread-safe but for refunds: under the stream's lock.
/// </summary>
internal sealed class StreamAccount(MemoryBudget linkBudget) : IBufferCharge
{
    private SocketMemory? socket;
    private ReserveCharge? reserveCharge;
    private long windowCharged;
    private long growthFrom;
    private long growthAt;
    private int reserveUsed;

    public SocketMemory? Socket => socket;

    public bool IsReserved { get; private set; }

    /// <summary>Size of the receive window, bytes.</summary>
    public long Window { get; private set; }

    /// <summary>Whether <see cref="RentForSend"/> would give a buffer now.</summary>
    public bool MayRent => Volatile.Read(ref reserveUsed) == 0 || Math.Min(socket!.Budget.Available, linkBudget.Available) >= BufferPool.Small;

    /// <summary>Takes over a reserve of <see cref="RelayMemory.StreamReserve"/> that was made, and a first window.</summary>
    public void Open(SocketMemory memory, TimeSpan now)
    {
        socket = memory;
        IsReserved = true;
        Window = RelayMemory.ReservedWindow;
        growthAt = now.Ticks;

        // A sixteenth of what is left, so that many share it.
        Widen(Math.Min(WindowGrowth.Initial - Window, Promisable / 16));
    }

    /// <summary>Grows the window with delivery rate × smallest round trip.</summary>
    public void Grow(long consumed, TimeSpan now, TimeSpan roundTrip)
    {
        var elapsed = TimeSpan.FromTicks(now.Ticks - growthAt);
        if (elapsed < roundTrip || elapsed < TimeSpan.FromMilliseconds(1))
            return;
        var target = WindowGrowth.Target(Window, consumed - growthFrom, elapsed, roundTrip);
        growthAt = now.Ticks;
        growthFrom = consumed;
        Widen(Math.Min(target - Window, Promisable));
    }

    /// <summary>A buffer for bytes that the window has promised.</summary>
    public RelayBuffer RentPromised(int bytes) => socket!.Memory.Pool.Rent(BufferPool.SizeFor(bytes), socket, null);

    /// <summary>A buffer from the budgets, or null.</summary>
    public RelayBuffer? TryRent(int size) => TryTake(size) ? socket!.Memory.Pool.Rent(size, socket, this) : null;

    /// <summary>A buffer of at most this size to read into: from the budgets, else the one that the reserve pays for, else null.</summary>
    public RelayBuffer? RentForSend(int size)
    {
        for (; ; size = size == BufferPool.Large ? BufferPool.Medium : BufferPool.Small)
        {
            if (TryRent(size) is { } buffer)
                return buffer;
            if (size == BufferPool.Small)
                break;
        }

        if (reserveUsed != 0)
            return null;
        reserveUsed = 1;
        return socket!.Memory.Pool.Rent(BufferPool.Small, socket, reserveCharge ??= new ReserveCharge(this));
    }

    /// <summary>Gives window and reserve back. Buffers refund themselves.</summary>
    public void Close()
    {
        if (windowCharged > 0)
        {
            GiveBack(windowCharged);
            windowCharged = 0;
        }

        if (!IsReserved)
            return;
        IsReserved = false;
        socket!.Memory.ReleaseStream();
    }

    void IBufferCharge.Refund(int capacity) => GiveBack(capacity);

    private long Promisable => Math.Min(socket!.Budget.Promisable, linkBudget.Promisable);

    private void Widen(long extra)
    {
        if (extra <= 0 || !TryTake(extra))
            return;
        Window += extra;
        windowCharged += extra;
    }

    private bool TryTake(long bytes)
    {
        if (!socket!.Budget.TryTake(bytes))
            return false;
        if (linkBudget.TryTake(bytes))
            return true;
        socket.Budget.Give(bytes);
        return false;
    }

    private void GiveBack(long bytes)
    {
        socket!.Budget.Give(bytes);
        linkBudget.Give(bytes);
    }

    /// <summary>The one buffer that the stream's reserve pays for.</summary>
    private sealed class ReserveCharge(StreamAccount account) : IBufferCharge
    {
        public void Refund(int capacity) => Volatile.Write(ref account.reserveUsed, 0);
    }
}
