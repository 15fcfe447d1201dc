namespace Connector.Relay.Streams;

/// <summary>How large a receive window should be: delivery rate × smallest round trip, doubled so that it can find out (rule 4). Pure.</summary>
internal static class WindowGrowth
{
    public const long Initial = 256 << 10;
    public const long Maximum = 32 << 20;

    /// <param name="delivered">Bytes consumed within <paramref name="elapsed"/>.</param>
    /// <param name="roundTrip">Smallest round trip of the lane; zero when unknown: then the window stays.</param>
    public static long Target(long window, long delivered, TimeSpan elapsed, TimeSpan roundTrip)
    {
        if (elapsed <= TimeSpan.Zero || roundTrip <= TimeSpan.Zero)
            return window;
        var perRoundTrip = delivered * (roundTrip / elapsed);
        return Math.Clamp((long)(2 * perRoundTrip), window, Math.Max(window, Maximum));
    }
}
