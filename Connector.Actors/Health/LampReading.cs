namespace Connector.Actors.Health;

/// <summary>A lamp at one moment.</summary>
/// <param name="Age">Of its newest proof; null when it was never proven.</param>
public sealed record LampReading(LampState State, DateTimeOffset Since, TimeSpan? Age, string Reason);
