namespace Connector.Actors.Health;

/// <summary>One verified state of a socket: control, path or upstream.</summary>
/// <param name="Since">When it entered the state, by the wall clock.</param>
/// <param name="ProvenAt">The last time it was proven on, by <see cref="Now"/>; null for never.</param>
/// <param name="Reason">Why it is not on; empty when it is.</param>
public sealed record Lamp(LampState State, DateTimeOffset Since, TimeSpan? ProvenAt, string Reason)
{
    /// <summary>This process's monotonic clock: a proof does not get younger when somebody sets the wall clock.</summary>
    public static TimeSpan Now(TimeProvider time) => time.GetElapsedTime(0);

    public LampReading Read(TimeSpan now) => new(State, Since, now - ProvenAt, Reason);
}
