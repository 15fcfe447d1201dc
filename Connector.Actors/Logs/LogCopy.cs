using Connector.Protocol.Control.Wire;
using Connector.Protocol.State.Stored;

namespace Connector.Actors.Logs;

/// <summary>The outbox as the journal has it: a snapshot and what was written after it. Pure.</summary>
internal sealed class LogCopy
{
    private LogBatchId? inFlight;

    public LogCopy(LogSnapshot? snapshot, IEnumerable<LogChanges> changes)
    {
        if (snapshot is not null)
        {
            if (snapshot.InFlight is { } batch && LogBatchId.Read(batch.BootId, batch.Sequence) is { } id)
            {
                inFlight = id;
                SentDropped = batch.Dropped;
                Sent = Records(id, 0, batch.Records);
            }

            Add(snapshot.Waiting);
            Dropped = snapshot.Dropped;
        }

        foreach (var change in changes)
        {
            Add(change.Kept);
            if (change.Head is { } head)
                Begin(head);
        }
    }

    /// <summary>Of the batch in flight.</summary>
    public List<WaitingRecord> Sent { get; private set; } = [];

    public List<WaitingRecord> Waiting { get; private set; } = [];

    public long SentDropped { get; private set; }

    /// <summary>Lost before the first that waits.</summary>
    public long Dropped { get; private set; }

    public LogBatch? InFlight(string replicaId) => inFlight is not { } id || (Sent.Count == 0 && SentDropped == 0) ? null : new LogBatch
    {
        Sequence = id.Sequence,
        BootId = id.BootBytes(),
        ReplicaId = replicaId,
        Dropped = SentDropped,
        Records = { Sent.Select(r => r.Record) },
    };

    private void Add(IEnumerable<KeptBatch> parts)
    {
        foreach (var part in parts)
        {
            if (LogBatchId.Read(part.BootId, part.Sequence) is not { } id)
                continue;

            // Of the batch in flight another part may follow.
            (id == inFlight ? Sent : Waiting).AddRange(Records(id, part.First, part.Records));
        }
    }

    private void Begin(LogHead head)
    {
        var all = Sent.Concat(Waiting).ToList();
        inFlight = Id(head.InFlight);
        SentDropped = inFlight is null ? 0 : head.InFlightDropped;
        Sent = all.FindAll(r => r.Batch == inFlight);
        Dropped = head.Dropped;

        // One that is not among them came after all of them.
        var first = head.Waiting is { } at ? all.FindIndex(r => r.Batch == Id(at) && r.Place >= at.Record) : -1;
        Waiting = first < 0 ? [] : all.GetRange(first, all.Count - first);
    }

    private static LogBatchId? Id(LogPosition? position) => position is null ? null : LogBatchId.Read(position.BootId, position.Sequence);

    private static List<WaitingRecord> Records(LogBatchId id, int first, IEnumerable<Log> records)
        => [.. records.Select((record, i) => new WaitingRecord(record, id, first + i) { Seen = true, Kept = true })];
}
