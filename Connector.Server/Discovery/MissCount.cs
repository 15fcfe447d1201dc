namespace Connector.Server.Discovery;

/// <summary>
/// When a scan without a resource counts as a miss of it. Sources that tell of changes are scanned again within a second: misses that were counted by scans
/// alone would be over before a container has been restarted. Pure.
/// </summary>
internal static class MissCount
{
    private const int Most = 1_000;

    /// <summary>
    /// From one counted miss to the next, at least: the shortest scan interval there is (a minute), less the tenth by which connectors spread theirs, so that
    /// each scan of such a plugin counts.
    /// </summary>
    public static readonly TimeSpan Distance = TimeSpan.FromSeconds(54);

    /// <summary>The resource after a complete scan that does not list it.</summary>
    /// <param name="now">When the scan ended, by the connector's clock.</param>
    public static KnownResource Missed(KnownResource resource, DateTimeOffset now) => resource.MissedAt switch
    {
        // The clock was set back, or another replica's is behind: begin to wait anew, else nothing would be counted until it has caught up.
        { } last when now < last => resource with { MissedAt = now },
        { } last when now - last < Distance => resource,
        _ => resource with { Missed = Math.Min(resource.Missed + 1, Most), MissedAt = now },
    };
}
