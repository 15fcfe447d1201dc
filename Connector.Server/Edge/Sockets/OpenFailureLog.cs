namespace Connector.Server.Edge.Sockets;

/// <summary>
/// Keeps clients that come again and again while nothing can be opened for them from pushing all else out of the log: the first of a window are
/// recorded, those after them are counted until it is flushed. Thread-safe.
/// </summary>
internal sealed class OpenFailureLog
{
    /// <summary>Enough to see of each of some users what happened to them.</summary>
    public const int PerWindow = 20;

    private readonly Lock gate = new();
    private int recorded;
    private int counted;
    private OpenFailure? last;

    /// <summary>True when this one is to be recorded by itself.</summary>
    public bool Note(OpenFailure failure)
    {
        lock (gate)
        {
            if (recorded < PerWindow)
            {
                recorded++;
                return true;
            }

            counted++;
            last = failure;
            return false;
        }
    }

    /// <summary>Ends a window. Null when nothing was counted.</summary>
    public Summary? Flush()
    {
        lock (gate)
        {
            var summary = counted == 0 ? null : new Summary(counted, last!);
            (recorded, counted, last) = (0, 0, null);
            return summary;
        }
    }

    /// <param name="Count">Of the window and not recorded.</param>
    internal sealed record Summary(int Count, OpenFailure Last);
}
