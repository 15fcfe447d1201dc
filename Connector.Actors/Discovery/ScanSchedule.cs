namespace Connector.Actors.Discovery;

/// <summary>When the next scan begins. Pure.</summary>
internal static class ScanSchedule
{
    private const int MostDoublings = 16;

    /// <summary>After a scan: the interval, give or take a tenth; after failures sooner, each time later.</summary>
    /// <param name="failures">In a row.</param>
    /// <param name="random">From 0 to below 1.</param>
    public static TimeSpan Next(TimeSpan interval, int failures, TimeSpan firstRetry, double random)
    {
        if (failures == 0)
        {
            return interval * (0.9 + (0.2 * random));
        }

        var retry = firstRetry * Math.Pow(2, Math.Min(failures - 1, MostDoublings));
        return (retry < interval ? retry : interval) * (0.75 + (0.5 * random));
    }

    /// <summary>From now to the scan that a change asks for.</summary>
    /// <param name="ended">When the last scan ended.</param>
    /// <param name="failures">Of scans, in a row.</param>
    public static TimeSpan AfterChange(DateTimeOffset? ended, int failures, DateTimeOffset now, DiscoveryTiming timing)
    {
        var distance = failures == 0 ? timing.ChangeDistance : timing.FirstRetry;
        return ended is { } end && end + distance - now is var wait && wait > timing.Debounce ? wait : timing.Debounce;
    }

    /// <summary>After a watch broke.</summary>
    /// <param name="failures">In a row, from 1.</param>
    public static TimeSpan NextWatch(int failures, DiscoveryTiming timing, double random)
    {
        var retry = timing.FirstWatchRetry * Math.Pow(2, Math.Min(failures - 1, MostDoublings));
        return (retry < timing.LongestWatchRetry ? retry : timing.LongestWatchRetry) * (0.75 + (0.5 * random));
    }
}
