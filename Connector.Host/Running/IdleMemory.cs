namespace Connector.Host.Running;

/// <summary>
/// Gives memory back once a burst is over. The collector sizes its youngest generation by the processor's cache, tens of megabytes on a server,
/// and keeps it; a process that mostly waits on idle connections holds that for nothing.
/// </summary>
internal sealed class IdleMemory : IDisposable
{
    private const long QuietBytes = 1 << 20;
    private const long WorthBytes = 4 << 20;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly ITimer timer;
    private long seen;
    private long collected;

    public IdleMemory(TimeProvider time) => timer = time.CreateTimer(static self => ((IdleMemory)self!).Check(), this, Interval, Interval);

    public void Dispose() => timer.Dispose();

    private void Check()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        var quiet = allocated - seen < QuietBytes;
        seen = allocated;
        if (!quiet || allocated - collected < WorthBytes)
            return;
        collected = allocated;

        // Compacting and blocking: milliseconds, at a moment when next to nothing happens.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
