namespace Connector.Relay.Memory;

/// <summary>A bound on bytes, optionally within a wider one. Takes are all or nothing.</summary>
internal sealed class MemoryBudget(long capacity, MemoryBudget? within = null)
{
    private long used;

    public long Capacity => capacity;

    public long Used => Interlocked.Read(ref used);

    /// <summary>Bytes that could be taken now here and in every wider budget.</summary>
    public long Available => Math.Max(0, Math.Min(capacity - Used, within?.Available ?? long.MaxValue));

    /// <summary>
    /// Bytes that may be promised as windows: a quarter of every budget stays for buffers that hold something, or a thousand idle windows would leave each stream
    /// nothing but its reserve.
    /// </summary>
    public long Promisable => Math.Max(0, Math.Min(capacity / 4 * 3 - Used, within?.Promisable ?? long.MaxValue));

    public bool TryTake(long bytes)
    {
        // Never above the capacity, not even for a moment: that would refuse others for nothing.
        long before;
        do
        {
            before = Used;
            if (bytes > capacity - before)
                return false;
        }
        while (Interlocked.CompareExchange(ref used, before + bytes, before) != before);

        if (within is null || within.TryTake(bytes))
            return true;

        Interlocked.Add(ref used, -bytes);
        return false;
    }

    public void Give(long bytes)
    {
        if (bytes == 0)
            return;
        if (Interlocked.Add(ref used, -bytes) < 0)
            throw new InvalidOperationException("more memory was given back than was taken");
        within?.Give(bytes);
    }
}
