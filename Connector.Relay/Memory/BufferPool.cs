namespace Connector.Relay.Memory;

/// <summary>Buffers of three sizes, kept for reuse up to a bound per size; what is above the bound is left to the garbage collector.</summary>
internal sealed class BufferPool
{
    public const int Small = 4 << 10;
    public const int Medium = 16 << 10;
    public const int Large = 64 << 10;

    // Kept free buffers: enough that a busy relay does not allocate, little enough that an idle one is small.
    private const int KeptBytesPerSize = 8 << 20;

    private readonly Shelf small = new(KeptBytesPerSize / Small);
    private readonly Shelf medium = new(KeptBytesPerSize / Medium);
    private readonly Shelf large = new(KeptBytesPerSize / Large);
    private readonly bool poison;
    private long rented;
    private long returned;

    /// <param name="poison">Tests: overwrite a buffer when it comes back, so that a late reader sees garbage.</param>
    public BufferPool(bool poison = false) => this.poison = poison;

    /// <summary>Since the start; a return is never seen before its rent.</summary>
    public long Rented => Interlocked.Read(ref rented);

    public long Returned => Interlocked.Read(ref returned);

    public long Outstanding => Interlocked.Read(ref rented) - Interlocked.Read(ref returned);

    /// <summary>The smallest size that holds <paramref name="bytes"/>; at most <see cref="Large"/>.</summary>
    public static int SizeFor(int bytes) => bytes <= Small ? Small : bytes <= Medium ? Medium : Large;

    public RelayBuffer Rent(int size, SocketMemory owner, IBufferCharge? charge)
    {
        var buffer = ShelfOf(size).TryTake() ?? new RelayBuffer(this, size);
        Interlocked.Increment(ref rented);
        owner.BufferRented();
        buffer.Rented(owner, charge);
        return buffer;
    }

    internal void Put(RelayBuffer buffer)
    {
        if (poison)
            buffer.Array.AsSpan().Fill(0xDD);
        Interlocked.Increment(ref returned);
        ShelfOf(buffer.Capacity).Put(buffer);
    }

    private Shelf ShelfOf(int size) => size switch
    {
        Small => small,
        Medium => medium,
        _ => large,
    };

    private sealed class Shelf(int capacity)
    {
        private readonly RelayBuffer?[] free = new RelayBuffer?[capacity];
        private readonly Lock gate = new();
        private int count;

        public RelayBuffer? TryTake()
        {
            lock (gate)
            {
                if (count == 0)
                    return null;
                var buffer = free[--count];
                free[count] = null;
                return buffer;
            }
        }

        public void Put(RelayBuffer buffer)
        {
            lock (gate)
            {
                if (count < free.Length)
                    free[count++] = buffer;
            }
        }
    }
}
