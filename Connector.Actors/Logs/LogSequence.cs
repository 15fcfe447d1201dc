namespace Connector.Actors.Logs;

/// <summary>
/// Numbers the log batches of this process. Outlives the shipper: the control plane takes a number that it has seen of this boot for a batch that it has,
/// so a restarted shipper must not count from 1 again.
/// </summary>
internal sealed class LogSequence
{
    private long last;

    public long Next() => Interlocked.Increment(ref last);
}
