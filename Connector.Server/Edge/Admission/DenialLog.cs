using System.Net;

namespace Connector.Server.Edge.Admission;

/// <summary>
/// Keeps denied clients from filling the log: the first is recorded, those after it are counted until the window is flushed. Thread-safe.
/// </summary>
internal sealed class DenialLog
{
    private readonly Lock gate = new();
    private bool quiet;
    private int counted;
    private IPAddress? last;
    private AdmissionVerdict lastVerdict;

    /// <summary>True when this denial is to be recorded by itself.</summary>
    public bool Note(IPAddress client, AdmissionVerdict verdict)
    {
        lock (gate)
        {
            if (!quiet)
            {
                quiet = true;
                return true;
            }

            counted++;
            last = client;
            lastVerdict = verdict;
            return false;
        }
    }

    /// <summary>Ends a window. Null when nothing was counted; then the next denial is recorded by itself again.</summary>
    public Summary? Flush()
    {
        lock (gate)
        {
            if (counted == 0)
            {
                quiet = false;
                return null;
            }

            var summary = new Summary(counted, last!, lastVerdict);
            counted = 0;
            return summary;
        }
    }

    /// <param name="Count">Denied in the window and not recorded.</param>
    internal sealed record Summary(int Count, IPAddress Last, AdmissionVerdict Verdict);
}
