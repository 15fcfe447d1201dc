namespace Connector.Actors.Control;

/// <summary>
/// How long to wait before the next try. Full jitter between 0.5 s and a ceiling that grows by half with each failure up to 20 s, or the slot
/// that the server names. Never gives up. Not thread-safe: it belongs to one actor.
/// </summary>
/// <param name="random">0 (inclusive) to 1 (exclusive).</param>
internal sealed class ReconnectSchedule(Func<double> random)
{
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(0.5);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    /// <summary>A refused token does not get better by asking often, and each try costs the server a look-up.</summary>
    public static readonly TimeSpan ShortestUnauthenticated = TimeSpan.FromSeconds(15);
    public static readonly TimeSpan LongestUnauthenticated = TimeSpan.FromSeconds(30);

    private const double Growth = 1.5;

    /// <summary>Failures since the last reset.</summary>
    public int Failures { get; private set; }

    /// <summary>To be called exactly once per failure.</summary>
    public TimeSpan Next(ControlFailure failure)
    {
        var ceiling = Ceiling(Failures);
        Failures++;
        return failure switch
        {
            // A server that names a slot of 0 in a loop must not make us spin.
            { RetryAfter: { } slot } => slot > Shortest ? slot : Shortest,
            { Kind: ControlFailureKind.Unauthenticated } => Between(ShortestUnauthenticated, LongestUnauthenticated),
            _ => Between(Shortest, ceiling),
        };
    }

    /// <summary>Only after an applied Init: a server that accepts and then breaks must not be hammered.</summary>
    public void Reset() => Failures = 0;

    /// <param name="failures">Failures before this one.</param>
    public static TimeSpan Ceiling(int failures)
    {
        // From the 10th failure on it is the cap; the exponent is bounded so that it cannot overflow.
        var seconds = Shortest.TotalSeconds * Math.Pow(Growth, Math.Min(failures, 63) + 1);
        return seconds >= Longest.TotalSeconds ? Longest : TimeSpan.FromSeconds(seconds);
    }

    private TimeSpan Between(TimeSpan from, TimeSpan to) => from + ((to - from) * random());
}
