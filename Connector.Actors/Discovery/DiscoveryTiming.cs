namespace Connector.Actors.Discovery;

/// <summary>How patient discovery is.</summary>
public sealed record DiscoveryTiming
{
    public static readonly DiscoveryTiming Default = new();

    /// <summary>First scans of a plugin begin within this time, spread.</summary>
    public TimeSpan StartSpread { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>After the first failure; doubles with each.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A scan that makes no progress for so long is cancelled.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>A cancelled scan should end within this time; then it is said to hang.</summary>
    public TimeSpan CancelGrace { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Changes that are told within this time are one scan.</summary>
    public TimeSpan Debounce { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>From the end of a scan to the next that changes ask for, at least.</summary>
    public TimeSpan ChangeDistance { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A watch that lasts so long works, also when its source ends it then.</summary>
    public TimeSpan GoodWatch { get; init; } = TimeSpan.FromMinutes(1);

    public TimeSpan FirstWatchRetry { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan LongestWatchRetry { get; init; } = TimeSpan.FromMinutes(1);
}
