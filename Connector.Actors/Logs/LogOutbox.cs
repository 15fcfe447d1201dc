using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Protocol.State.Stored;

namespace Connector.Actors.Logs;

/// <summary>
/// Records on their way to the control plane: bounded in number and bytes, at most one batch unacknowledged. At a bound the oldest waiting
/// records go and are counted into the next batch. Each record gets its batch when it is added, and a batch that was begun before the process
/// was restarted goes out under the boot and the number it had. Not thread-safe: it belongs to one actor.
/// </summary>
internal sealed class LogOutbox(LogOutboxLimits limits, string replicaId, BootId bootId, LogSequence sequence)
{
    private Queue<WaitingRecord> waiting = new();
    private List<WaitingRecord> sent = [];
    private long waitingBytes;
    private long dropped;

    // The batch that is added to; null when the next record begins another.
    private LogBatchId? open;
    private int openBytes;
    private int openPlace;

    // Of this boot.
    private long lastSent;

    private int unkept;
    private bool anythingKept;
    private LogHead? keptHead;

    /// <summary>Sent or to be sent again, with the same sequence and content, until it is acknowledged.</summary>
    public LogBatch? InFlight { get; private set; }

    public int Waiting => waiting.Count;

    public long WaitingBytes => waitingBytes;

    /// <summary>Lost since the process started.</summary>
    public long DroppedTotal { get; private set; }

    /// <summary>There are records that are not on disk.</summary>
    public bool HasUnkept => unkept > 0;

    /// <summary>Everything is acknowledged, and the copy on disk does not know.</summary>
    public bool IsCopyStale => anythingKept && InFlight is null && waiting.Count == 0 && dropped == 0;

    public void Add(Log record)
    {
        var cost = new WaitingRecord(record, default, 0).Cost;
        if (open is null || openBytes + cost > limits.LargestBatch)
        {
            open = new LogBatchId(bootId, sequence.Next());
            (openBytes, openPlace) = (0, 0);
        }

        Enqueue(new WaitingRecord(record, open.Value, openPlace++));
        openBytes += cost;
        unkept++;
        Bound();
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

        var id = waiting.TryPeek(out var first) ? first.Batch : new LogBatchId(bootId, sequence.Next());
        sent = [];
        while (waiting.TryPeek(out var next) && next.Batch == id)
        {
            waitingBytes -= next.Cost;
            sent.Add(waiting.Dequeue());
        }

        if (open == id || waiting.Count == 0)
            Seal();
        if (id.Boot == bootId)
            lastSent = id.Sequence;
        InFlight = Batch(id, dropped, sent);
        dropped = 0;
        return InFlight;
    }

    /// <summary>False when it is not the batch in flight: an answer to an earlier sending of a batch that was acknowledged already.</summary>
    public bool Acknowledge(long sequence)
    {
        if (InFlight is null || InFlight.Sequence != sequence)
            return false;
        InFlight = null;
        unkept -= sent.Count(r => !r.Kept);
        sent = [];
        return true;
    }

    /// <summary>The next record begins another batch: this one may be sent by somebody else.</summary>
    public void Seal() => open = null;

    // ---- the copy on disk

    /// <summary>
    /// What the copy lacks, which counts as kept from now on; null when it lacks nothing. Takes records that were there at the last call as well.
    /// </summary>
    /// <param name="all">Those that came since, too.</param>
    public LogChanges? TakeUnkept(bool all)
    {
        var lacking = new List<WaitingRecord>();
        foreach (var record in sent.Concat(waiting).Where(r => !r.Kept))
        {
            if (record.Seen || all)
                lacking.Add(record);
            record.Kept = record.Seen || all;
            record.Seen = true;
        }

        if (lacking.Count == 0)
            return null;
        unkept -= lacking.Count;
        anythingKept = true;
        var changes = new LogChanges();
        Add(changes.Kept, lacking);
        var head = Head();
        if (!head.Equals(keptHead))
            changes.Head = keptHead = head;
        return changes;
    }

    /// <summary>All that the copy is to hold; it counts as kept from now on.</summary>
    public LogSnapshot Whole()
    {
        var whole = new LogSnapshot { InFlight = InFlight, Dropped = dropped };
        Add(whole.Waiting, waiting);
        foreach (var record in sent.Concat(waiting))
            record.Kept = true;
        unkept = 0;
        anythingKept = InFlight is not null || waiting.Count > 0 || dropped > 0;
        keptHead = Head();
        return whole;
    }

    /// <summary>Takes over what an earlier process, or this actor before it was restarted, left. It goes out before what is here.</summary>
    public void Restore(LogSnapshot? snapshot, IEnumerable<LogChanges> changes)
    {
        var copy = new LogCopy(snapshot, changes);
        var asItWas = InFlight is null && copy.Sent.TrueForAll(IsNew);
        if (asItWas)
            (InFlight, sent) = (copy.InFlight(replicaId), copy.Sent);
        dropped += copy.Dropped + (asItWas ? 0 : copy.SentDropped);

        var ours = waiting;
        waiting = new Queue<WaitingRecord>(copy.Waiting.Count + ours.Count);
        waitingBytes = 0;
        foreach (var record in asItWas ? copy.Waiting : copy.Sent.Concat(copy.Waiting))
        {
            if (IsNew(record))
                Enqueue(record);
            else
                CountDropped(1);
        }

        foreach (var record in ours)
            Enqueue(record);
        (anythingKept, keptHead) = (true, null);
        Bound();
    }

    // A batch of this boot below one that was sent would be taken for one that is stored.
    private bool IsNew(WaitingRecord record) => record.Batch.Boot != bootId || record.Batch.Sequence > lastSent;

    private void Enqueue(WaitingRecord record)
    {
        waiting.Enqueue(record);
        waitingBytes += record.Cost;
    }

    // Drop policy: the oldest goes. What happens now explains more than what happened before the control plane went away.
    private void Bound()
    {
        while (waiting.Count > limits.MostRecords || waitingBytes > limits.MostBytes)
        {
            var lost = waiting.Dequeue();
            waitingBytes -= lost.Cost;
            if (!lost.Kept)
                unkept--;
            CountDropped(1);
        }
    }

    private LogHead Head()
    {
        var head = new LogHead { Dropped = dropped };
        if (InFlight is { } batch)
        {
            head.InFlight = new LogPosition { BootId = batch.BootId, Sequence = batch.Sequence };
            head.InFlightDropped = batch.Dropped;
        }

        if (waiting.TryPeek(out var first))
            head.Waiting = new LogPosition { BootId = first.Batch.BootBytes(), Sequence = first.Batch.Sequence, Record = first.Place };
        return head;
    }

    private LogBatch Batch(LogBatchId id, long lost, List<WaitingRecord> records) => new()
    {
        Sequence = id.Sequence,
        BootId = id.BootBytes(),
        ReplicaId = replicaId,
        Dropped = lost,
        Records = { records.Select(r => r.Record) },
    };

    private static void Add(IList<KeptBatch> parts, IEnumerable<WaitingRecord> records)
    {
        WaitingRecord? before = null;
        foreach (var record in records)
        {
            if (before is null || before.Batch != record.Batch || before.Place + 1 != record.Place)
                parts.Add(new KeptBatch { BootId = record.Batch.BootBytes(), Sequence = record.Batch.Sequence, First = record.Place });
            parts[^1].Records.Add(record.Record);
            before = record;
        }
    }
}
