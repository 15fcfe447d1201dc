namespace Connector.Actors.Links;

/// <summary>When a lane is dialled again: full jitter under a ceiling that doubles with each failure.</summary>
internal sealed class LaneBackoff(LaneSettings settings, Func<double> random)
{
    private int failures;

    public TimeSpan Next()
    {
        var ceiling = settings.ShortestWait * Math.Pow(2, Math.Min(failures, 30));
        if (ceiling >= settings.LongestWait)
            ceiling = settings.LongestWait;
        else
            failures++;

        var wait = ceiling * random();
        return wait < settings.ShortestWait ? settings.ShortestWait : wait;
    }

    /// <summary>A lane has ended after this long.</summary>
    public void Lived(TimeSpan span)
    {
        if (span >= settings.Proven)
            failures = 0;
    }

    public void Reset() => failures = 0;
}
