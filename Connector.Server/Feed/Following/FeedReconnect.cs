namespace Connector.Server.Feed.Following;

/// <summary>
/// How long an edge waits before it dials its control plane again: full jitter between 0.5 s and a ceiling that grows by half with each failure up to 20 s, or the
/// slot that the control plane names. Never gives up. Not thread-safe.
/// </summary>
/// <param name="random">0 (inclusive) to 1 (exclusive).</param>
internal sealed class FeedReconnect(Func<double> random)
{
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(0.5);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    /// <summary>A refused credential does not get better by asking often.</summary>
    public static readonly TimeSpan ShortestRefused = TimeSpan.FromSeconds(15);
    public static readonly TimeSpan LongestRefused = TimeSpan.FromSeconds(30);

    private const double Growth = 1.5;

    /// <summary>Since the last reset.</summary>
    public int Failures { get; private set; }

    public void Reset() => Failures = 0;

    /// <summary>To be called exactly once per failure.</summary>
    public TimeSpan Next(FeedFailure failure)
    {
        Failures++;
        if (failure.RetryAfter is { } slot && slot > TimeSpan.Zero)
        {
            return Between(slot, slot * 1.1);
        }

        return failure.Kind is FeedFailureKind.Refused or FeedFailureKind.OutOfOrder ? Between(ShortestRefused, LongestRefused) : Between(Shortest, Ceiling(Failures));
    }

    internal static TimeSpan Ceiling(int failures)
    {
        var seconds = Shortest.TotalSeconds * Math.Pow(Growth, Math.Min(failures, 40) + 1);
        return seconds >= Longest.TotalSeconds ? Longest : TimeSpan.FromSeconds(seconds);
    }

    private TimeSpan Between(TimeSpan from, TimeSpan to) => from + ((to - from) * random());
}
