namespace Connector.Actors.Sockets;

/// <summary>Keeps a failing socket from flooding the log: so many records per window, the rest is counted and named by the next record.</summary>
internal sealed class FailureLogLimit(int perWindow, TimeSpan window)
{
    private DateTimeOffset windowEnds;
    private int left;
    private long suppressed;

    /// <param name="suppressedBefore">Records that were left out since the last one written.</param>
    public bool TryWrite(DateTimeOffset now, out long suppressedBefore)
    {
        // Also when somebody has set the clock back: nobody waits for the old time to come again.
        if (now >= windowEnds || windowEnds - now > window)
        {
            windowEnds = now + window;
            left = perWindow;
        }

        suppressedBefore = suppressed;
        if (left == 0)
        {
            suppressed++;
            return false;
        }

        left--;
        suppressed = 0;
        return true;
    }
}
