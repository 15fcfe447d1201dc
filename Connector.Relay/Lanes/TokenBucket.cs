namespace Connector.Relay.Lanes;

/// <summary>A rate with a burst. Pure; not thread-safe: each is used by one reader loop or under its owner's lock.</summary>
internal sealed class TokenBucket
{
    private readonly double perSecond;
    private readonly double burst;
    private double tokens;
    private TimeSpan last;

    public TokenBucket(double perSecond, double burst)
    {
        this.perSecond = perSecond;
        this.burst = burst;
        tokens = burst;
    }

    public bool TryTake(TimeSpan now, int count = 1)
    {
        if (now > last)
        {
            tokens = Math.Min(burst, tokens + ((now - last).TotalSeconds * perSecond));
            last = now;
        }

        if (tokens < count)
            return false;
        tokens -= count;
        return true;
    }
}
