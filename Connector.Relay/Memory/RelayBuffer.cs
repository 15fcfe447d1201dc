namespace Connector.Relay.Memory;

/// <summary>
/// A pooled piece of memory with exactly one owner. The owner either passes it on or calls <see cref="Return"/> once; a second return
/// is a bug of the relay and throws, because the bytes may already belong to another connection.
/// </summary>
internal sealed class RelayBuffer
{
    private readonly BufferPool pool;
    private SocketMemory? account;
    private IBufferCharge? charge;
    private int rented;

    internal RelayBuffer(BufferPool pool, int capacity)
    {
        this.pool = pool;
        Array = GC.AllocateUninitializedArray<byte>(capacity, pinned: true);
    }

    public byte[] Array { get; }

    public int Capacity => Array.Length;

    /// <summary>Bytes filled from the start.</summary>
    public int Length { get; set; }

    /// <summary>Stream offset behind the last byte; set by the stream that holds the buffer.</summary>
    internal long EndOffset { get; set; }

    public Memory<byte> Filled => Array.AsMemory(0, Length);

    public Span<byte> Free => Array.AsSpan(Length);

    internal void Rented(SocketMemory owner, IBufferCharge? charged)
    {
        rented = 1;
        Length = 0;
        EndOffset = 0;
        account = owner;
        charge = charged;
    }

    public void Return()
    {
        if (Interlocked.Exchange(ref rented, 0) == 0)
            throw new InvalidOperationException("a relay buffer was returned twice");

        var owner = account!;
        var charged = charge;
        account = null;
        charge = null;
        pool.Put(this);
        owner.BufferReturned();
        charged?.Refund(Capacity);
    }
}
