namespace Connector.Server.Edge.Links;

/// <summary>For how long a replica is avoided for a socket after opens there have failed in a row. Pure.</summary>
/// <param name="Failures">In a row; those that were under way together count as one.</param>
internal readonly record struct Avoidance(int Failures, TimeSpan Until)
{
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>So long after its end what was before is forgotten: the next failure is a first one.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(5);

    /// <param name="now">On any clock that only goes forward.</param>
    public bool Holds(TimeSpan now) => now < Until;

    public bool IsForgotten(TimeSpan now) => now >= Until + Memory;

    /// <summary>One failure more: twice as long as the last time. Of many opens that were under way at once, one counts.</summary>
    public static Avoidance After(Avoidance? before, TimeSpan now)
    {
        if (before is not { } known || known.IsForgotten(now))
        {
            return new(1, now + Shortest);
        }

        return known.Holds(now) ? known : new(known.Failures + 1, now + Length(known.Failures + 1));
    }

    internal static TimeSpan Length(int failures)
    {
        var seconds = Shortest.TotalSeconds * Math.Pow(2, Math.Min(failures, 10) - 1);
        return seconds >= Longest.TotalSeconds ? Longest : TimeSpan.FromSeconds(seconds);
    }
}
