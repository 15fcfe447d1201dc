namespace Connector.Server.Discovery;

/// <summary>A discovered resource as it is kept.</summary>
/// <param name="Json">Canonical JSON, as the control stream carries it.</param>
/// <param name="Missed">Complete scans without it since it was seen last, as <see cref="MissCount"/> counts them.</param>
/// <param name="DialFailed">It was dialled after so many misses that it may go, and did not accept.</param>
internal sealed record KnownResource(
    string Identity, string Type, string Name, string Json, DateTimeOffset FirstSeen, DateTimeOffset LastSeen, DateTimeOffset ChangedAt, int Missed, bool DialFailed)
{
    /// <summary>When a miss was counted last; null when none was since it was seen.</summary>
    public DateTimeOffset? MissedAt { get; init; }

    /// <summary>When the configuration of the plugin was changed with which it was seen last.</summary>
    public DateTimeOffset ConfiguredAt { get; init; }
}
