namespace Connector.Actors.Sockets;

/// <summary>
/// How often a socket's actor may crash before its socket is failed, and when a failed one is tried again. One per socket; new configuration
/// gets a new one.
/// </summary>
internal sealed class RestartBudget(int maxRestarts, TimeSpan window, TimeSpan firstRetry, TimeSpan longestRetry)
{
    // At most maxRestarts entries: times of the crashes within the window.
    private readonly Queue<DateTimeOffset> spent = new();
    private int retries;
    private DateTimeOffset started;

    /// <summary>The actor begins (again). One that then lives as long as the longest wait has earned short waits.</summary>
    public void Started(DateTimeOffset now) => started = now;

    /// <summary>Records a crash. False when the budget is spent: do not restart now.</summary>
    public bool TrySpend(DateTimeOffset now)
    {
        while (spent.Count > 0 && now - spent.Peek() >= window)
            spent.Dequeue();
        if (now - started >= longestRetry)
            retries = 0;
        if (spent.Count >= maxRestarts)
            return false;
        spent.Enqueue(now);
        return true;
    }

    /// <summary>The wait before the next attempt at a failed socket: doubles with each call.</summary>
    public TimeSpan NextRetry()
    {
        var wait = firstRetry * Math.Pow(2, Math.Min(retries, 30));
        if (wait < longestRetry)
            retries++;
        return wait < longestRetry ? wait : longestRetry;
    }
}
