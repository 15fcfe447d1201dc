namespace Connector.Host.Running;

/// <summary>
/// Gives memory back once a burst is over. The collector sizes its youngest generation by the processor's cache, tens of megabytes on a server,
/// and keeps it; a process that mostly waits on idle connections holds that for nothing.
/// </summary>
internal sealed class IdleMemory : IDisposable
{
    private const long WorthBytes = 8 << 20;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    // Of processor time per interval. Relaying allocates next to nothing, so allocation does not tell whether streams are busy.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(250);

    private readonly ITimer timer;
    private TimeSpan used;
    private long collected;

    public IdleMemory(TimeProvider time) => timer = time.CreateTimer(static self => ((IdleMemory)self!).Check(), this, Interval, Interval);

    public void Dispose() => timer.Dispose();

    private void Check()
    {
        var now = Environment.CpuUsage.TotalTime;
        var quiet = now - used < Quiet;
        used = now;
        var allocated = GC.GetTotalAllocatedBytes();
        if (!quiet || allocated - collected < WorthBytes)
            return;

        // Compacting and blocking: milliseconds, at a moment when next to nothing happens.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        NativeHeap.Trim();
        collected = GC.GetTotalAllocatedBytes();
        used = Environment.CpuUsage.TotalTime;
    }
}
