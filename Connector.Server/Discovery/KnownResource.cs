namespace Connector.Server.Discovery;

/// <summary>A discovered resource as it is kept.</summary>
/// <param name="Json">Canonical JSON, as the control stream carries it.</param>
/// <param name="Missed">Complete scans without it since it was seen last.</param>
/// <param name="DialFailed">It was dialled after so many misses that it may go, and did not accept.</param>
internal sealed record KnownResource(
    string Identity, string Type, string Name, string Json, DateTimeOffset FirstSeen, DateTimeOffset LastSeen, DateTimeOffset ChangedAt, int Missed, bool DialFailed);
