using Connector.Plugins;

namespace Connector.Actors.Discovery;

/// <summary>Notes that a scan moves. Written by the scan, read by its actor.</summary>
internal sealed class ScanProgress : IProgress<DiscoveryProgress>
{
    private long steps;
    private long seen;
    private DateTimeOffset? movedAt;

    public void Report(DiscoveryProgress value) => Interlocked.Increment(ref steps);

    /// <summary>From the actor, now and then: whether nothing was reported for so long.</summary>
    public bool IsStalled(DateTimeOffset now, DateTimeOffset startedAt, TimeSpan stall)
    {
        var told = Interlocked.Read(ref steps);
        if (told != seen)
        {
            (seen, movedAt) = (told, now);
        }

        return now - (movedAt ?? startedAt) >= stall;
    }
}
