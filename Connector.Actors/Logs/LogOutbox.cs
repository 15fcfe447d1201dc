using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Google.Protobuf;

namespace Connector.Actors.Logs;

/// <summary>
/// Records on their way to the control plane: bounded in number and bytes, at most one batch unacknowledged. At a bound the oldest waiting
/// records go and are counted into the next batch. Not thread-safe: it belongs to one actor.
/// </summary>
internal sealed class LogOutbox(LogOutboxLimits limits, string replicaId, BootId bootId, LogSequence sequence)
{
    private readonly Queue<Log> waiting = new();
    private readonly ByteString boot = Bytes(bootId);
    private long waitingBytes;
    private long dropped;

    /// <summary>Sent or to be sent again, with the same sequence and content, until it is acknowledged.</summary>
    public LogBatch? InFlight { get; private set; }

    public int Waiting => waiting.Count;

    public long WaitingBytes => waitingBytes;

    /// <summary>Lost since the process started.</summary>
    public long DroppedTotal { get; private set; }

    public void Add(Log record)
    {
        waiting.Enqueue(record);
        waitingBytes += CostOf(record);

        // Drop policy: the oldest goes. What happens now explains more than what happened before the control plane went away.
        while (waiting.Count > limits.MostRecords || waitingBytes > limits.MostBytes)
        {
            waitingBytes -= CostOf(waiting.Dequeue());
            CountDropped(1);
        }
    }

    /// <summary>Records that were lost before they came here.</summary>
    public void CountDropped(long records)
    {
        dropped += records;
        DroppedTotal += records;
    }

    /// <summary>The next batch, which becomes the one in flight; null when one is in flight already or there is nothing to say.</summary>
    public LogBatch? TakeBatch()
    {
        if (InFlight is not null || (waiting.Count == 0 && dropped == 0))
            return null;

        var batch = new LogBatch { Sequence = sequence.Next(), Dropped = dropped, ReplicaId = replicaId, BootId = boot };
        dropped = 0;
        var bytes = 0;
        while (waiting.TryPeek(out var next) && (batch.Records.Count == 0 || bytes + CostOf(next) <= limits.LargestBatch))
        {
            bytes += CostOf(next);
            waitingBytes -= CostOf(next);
            batch.Records.Add(waiting.Dequeue());
        }

        InFlight = batch;
        return batch;
    }

    /// <summary>False when it is not the batch in flight: an answer to an earlier sending of a batch that was acknowledged already.</summary>
    public bool Acknowledge(long sequence)
    {
        if (InFlight is null || InFlight.Sequence != sequence)
            return false;
        InFlight = null;
        return true;
    }

    private static ByteString Bytes(BootId bootId)
    {
        var bytes = new byte[BootId.Size];
        bootId.Write(bytes);
        return ByteString.CopyFrom(bytes);
    }

    // Size on the wire plus the tag and length of the repeated field.
    private static int CostOf(Log record) => record.CalculateSize() + 6;
}
