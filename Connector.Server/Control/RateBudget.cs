namespace Connector.Server.Control;

/// <summary>A token bucket: a rate with a burst, of one stream or one connector.</summary>
internal sealed class RateBudget(int perSecond, int burst, TimeProvider time)
{
    private double tokens = burst;
    private long refilledAt = time.GetTimestamp();

    /// <summary>False: this one is over the rate.</summary>
    public bool TryTake()
    {
        var now = time.GetTimestamp();
        tokens = Math.Min(burst, tokens + (time.GetElapsedTime(refilledAt, now).TotalSeconds * perSecond));
        refilledAt = now;
        if (tokens < 1)
        {
            return false;
        }

        tokens--;
        return true;
    }
}
