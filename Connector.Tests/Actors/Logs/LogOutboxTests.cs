using Connector.Actors.Logs;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Protocol.State.Stored;
using CsCheck;
using Google.Protobuf;
using Xunit;

namespace Connector.Tests.Actors.Logs;

[Trait("kind", Kinds.Pure)]
public sealed class LogOutboxTests
{
    [Fact]
    public void Reached_bound_of_records_drops_the_oldest_and_counts_them_into_the_next_batch()
    {
        var outbox = new LogOutbox(new LogOutboxLimits(MostRecords: 3), "r", BootId.New(), new LogSequence());
        for (var i = 0; i < 5; i++)
            outbox.Add(Record($"{i}"));
        var batch = outbox.TakeBatch()!;
        Assert.Equal(2, batch.Dropped);
        Assert.Equal(["2", "3", "4"], batch.Records.Select(r => r.Message));
        Assert.Equal("r", batch.ReplicaId);
    }

    [Fact]
    public void Reached_bound_of_bytes_drops_the_oldest()
    {
        var outbox = new LogOutbox(new LogOutboxLimits(MostBytes: 1000), "r", BootId.New(), new LogSequence());
        for (var i = 0; i < 20; i++)
            outbox.Add(Record(new string((char)('a' + i), 100)));
        Assert.InRange(outbox.WaitingBytes, 1, 1000);
        var batch = outbox.TakeBatch()!;
        Assert.Equal(20, batch.Dropped + batch.Records.Count);
        Assert.StartsWith("t", batch.Records[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_batch_is_unacknowledged_at_a_time_and_foreign_acknowledgements_are_ignored()
    {
        var outbox = new LogOutbox(LogOutboxLimits.Default, "r", BootId.New(), new LogSequence());
        outbox.Add(Record("a"));
        var first = outbox.TakeBatch()!;
        outbox.Add(Record("b"));
        Assert.Null(outbox.TakeBatch());
        Assert.False(outbox.Acknowledge(first.Sequence + 1));
        Assert.True(outbox.Acknowledge(first.Sequence));
        Assert.False(outbox.Acknowledge(first.Sequence));
        Assert.Equal(first.Sequence + 1, outbox.TakeBatch()!.Sequence);
    }

    [Fact]
    public void Batches_hold_at_most_32_KiB()
    {
        var outbox = new LogOutbox(LogOutboxLimits.Default, "r", BootId.New(), new LogSequence());
        for (var i = 0; i < 100; i++)
            outbox.Add(Record(new string('x', 5000)));
        var records = 0;
        while (outbox.TakeBatch() is { } batch)
        {
            records += batch.Records.Count;
            Assert.InRange(batch.CalculateSize(), 1, 33 * 1024);
            outbox.Acknowledge(batch.Sequence);
        }

        Assert.Equal(100, records);
    }

    [Fact]
    public void Every_record_is_delivered_in_order_or_counted()
        => Gen.Int[0, 3].Array[0, 400].Sample(steps =>
        {
            var outbox = new LogOutbox(new LogOutboxLimits(MostRecords: 20, MostBytes: 2000, LargestBatch: 300), "r", BootId.New(), new LogSequence());
            var next = 0;
            var expected = 0L;
            LogBatch? inFlight = null;
            foreach (var step in steps.Concat(Enumerable.Repeat(3, 200)).Select((s, i) => (s, i)))
            {
                if (step.s < 3 && step.i < steps.Length)
                {
                    outbox.Add(Record($"{next++}"));
                    continue;
                }

                if (inFlight is not null && !outbox.Acknowledge(inFlight.Sequence))
                    return false;
                inFlight = outbox.TakeBatch();
                if (inFlight is null)
                    continue;
                expected += inFlight.Dropped;
                foreach (var record in inFlight.Records)
                {
                    if (record.Message != $"{expected++}")
                        return false;
                }
            }

            return expected == next;
        });

    [Fact]
    public void Batch_of_an_earlier_boot_goes_out_first_under_its_boot_and_number()
    {
        var (before, now) = (BootId.New(), BootId.New());
        var earlier = new LogOutbox(LogOutboxLimits.Default, "r", before, new LogSequence());
        earlier.Add(Record("old"));
        var changes = Stored(earlier.TakeUnkept(all: true)!);

        var outbox = new LogOutbox(LogOutboxLimits.Default, "r", now, new LogSequence());
        outbox.Add(Record("new"));
        outbox.Restore(null, [changes]);

        var first = outbox.TakeBatch()!;
        Assert.Equal((new LogBatchId(before, 1), "old"), (Id(first), first.Records.Single().Message));
        outbox.Acknowledge(1);
        var second = outbox.TakeBatch()!;
        Assert.Equal((new LogBatchId(now, 1), "new"), (Id(second), second.Records.Single().Message));
    }

    [Fact]
    public void Batch_that_was_sent_is_not_added_to_after_a_restart()
    {
        var earlier = new LogOutbox(LogOutboxLimits.Default, "r", BootId.New(), new LogSequence());
        earlier.Add(Record("a"));
        var sent = earlier.TakeBatch()!;
        earlier.Add(Record("b"));
        var outbox = new LogOutbox(LogOutboxLimits.Default, "r", BootId.New(), new LogSequence());
        outbox.Restore(null, [Stored(earlier.TakeUnkept(all: true)!)]);
        Assert.Equal(sent, outbox.InFlight);
        outbox.Add(Record("c"));
        outbox.Acknowledge(sent.Sequence);
        Assert.Equal(["b"], outbox.TakeBatch()!.Records.Select(r => r.Message));
    }

    [Fact]
    public void Records_are_kept_once_they_have_waited_for_an_interval()
    {
        var outbox = new LogOutbox(LogOutboxLimits.Default, "r", BootId.New(), new LogSequence());
        outbox.Add(Record("a"));
        Assert.Null(outbox.TakeUnkept(all: false));
        outbox.Add(Record("b"));
        Assert.Equal(["a"], outbox.TakeUnkept(all: false)!.Kept.Single().Records.Select(r => r.Message));
        Assert.True(outbox.HasUnkept);
        var rest = outbox.TakeUnkept(all: false)!.Kept.Single();
        Assert.Equal((1, "b"), (rest.First, rest.Records.Single().Message));
        Assert.False(outbox.HasUnkept);
        Assert.Null(outbox.TakeUnkept(all: true));
    }

    [Fact]
    public void What_is_acknowledged_in_time_is_never_kept()
    {
        var outbox = new LogOutbox(LogOutboxLimits.Default, "r", BootId.New(), new LogSequence());
        outbox.Add(Record("a"));
        outbox.TakeUnkept(all: false);
        outbox.Acknowledge(outbox.TakeBatch()!.Sequence);
        Assert.False(outbox.HasUnkept);
        Assert.False(outbox.IsCopyStale);
    }

    [Fact]
    public void Copy_is_stale_when_all_is_acknowledged_and_not_after_it_was_written_anew()
    {
        var outbox = new LogOutbox(LogOutboxLimits.Default, "r", BootId.New(), new LogSequence());
        outbox.Add(Record("a"));
        outbox.TakeUnkept(all: true);
        Assert.False(outbox.IsCopyStale);
        outbox.Acknowledge(outbox.TakeBatch()!.Sequence);
        Assert.True(outbox.IsCopyStale);
        Assert.Equal(new LogSnapshot(), outbox.Whole());
        Assert.False(outbox.IsCopyStale);
    }

    [Fact]
    public void Shipper_that_is_restarted_after_it_sent_something_counts_what_it_may_not_send_again()
    {
        var (boot, sequence) = (BootId.New(), new LogSequence());
        var earlier = new LogOutbox(LogOutboxLimits.Default, "r", boot, sequence);
        earlier.Add(Record("a"));
        var changes = Stored(earlier.TakeUnkept(all: true)!);

        // The disk did not answer in time, so the one that follows sent what it had.
        var outbox = new LogOutbox(LogOutboxLimits.Default, "r", boot, sequence);
        outbox.Add(Record("b"));
        outbox.Acknowledge(outbox.TakeBatch()!.Sequence);
        outbox.Restore(null, [changes]);

        var batch = outbox.TakeBatch()!;
        Assert.Equal((1, 0), (batch.Dropped, batch.Records.Count));
    }

    [Fact]
    public void Every_kept_record_is_stored_once_in_order_or_counted_over_any_number_of_crashes()
        => Gen.Int[0, 9].Array[0, 300].Sample(steps => new CrashingOutbox().Run(steps));

    /// <summary>
    /// An outbox whose process crashes now and then, and a control plane that stores each batch once. What was not on disk at a crash may be lost;
    /// everything else arrives once and in order, or is counted.
    /// </summary>
    private sealed class CrashingOutbox
    {
        private static readonly LogOutboxLimits Limits = new(MostRecords: 15, MostBytes: 1500, LargestBatch: 200);

        private readonly List<LogChanges> changes = [];
        private readonly Dictionary<BootId, long> lastStored = [];
        private readonly Dictionary<BootId, List<int>> storedOfBoot = [];
        private readonly List<int> stored = [];
        private readonly HashSet<int> lostInCrash = [];
        private readonly HashSet<int> alive = [];
        private LogSnapshot? snapshot;
        private LogSequence sequence = new();
        private LogOutbox outbox;
        private long counted;
        private int next;

        public CrashingOutbox() => outbox = new LogOutbox(Limits, "r", BootId.New(), sequence);

        public bool Run(int[] steps)
        {
            foreach (var step in steps)
                Step(step);
            for (var i = 0; i < 400; i++)
                Step(6);

            // What was dropped and counted just before a crash may still be on disk, and arrive after all.
            var accounted = stored.Concat(lostInCrash).Distinct().Count() + counted;
            return stored.Count == stored.Distinct().Count()
                && storedOfBoot.Values.All(records => records.SequenceEqual(records.Order()))
                && (steps.Contains(9) ? accounted >= next : accounted == next);
        }

        private void Step(int step)
        {
            switch (step)
            {
                case < 4:
                    alive.Add(next);
                    outbox.Add(Record($"{next++}"));
                    break;
                case 4:
                    if (outbox.TakeUnkept(all: true) is { } lacking)
                        changes.Add(Stored(lacking));
                    alive.Clear();
                    break;
                case 5:
                    snapshot = LogSnapshot.Parser.ParseFrom(outbox.Whole().ToByteArray());
                    changes.Clear();
                    alive.Clear();
                    break;
                case 6:
                    if (outbox.InFlight is { } again)
                        Store(again, acknowledge: true);
                    else if (outbox.TakeBatch() is { } batch)
                        Store(batch, acknowledge: true);
                    break;
                case 7:
                    // Stored, and the acknowledgement is lost.
                    if ((outbox.InFlight ?? outbox.TakeBatch()) is { } unheard)
                        Store(unheard, acknowledge: false);
                    break;
                case 8:
                    outbox.TakeBatch();
                    break;
                default:
                    lostInCrash.UnionWith(alive);
                    alive.Clear();
                    sequence = new LogSequence();
                    outbox = new LogOutbox(Limits, "r", BootId.New(), sequence);
                    outbox.Restore(snapshot, changes);
                    break;
            }
        }

        private void Store(LogBatch batch, bool acknowledge)
        {
            var boot = BootId.Read(batch.BootId.Span);
            if (batch.Sequence > lastStored.GetValueOrDefault(boot))
            {
                lastStored[boot] = batch.Sequence;
                counted += batch.Dropped;
                var records = batch.Records.Select(r => int.Parse(r.Message)).ToArray();
                stored.AddRange(records);
                if (!storedOfBoot.TryGetValue(boot, out var ofBoot))
                    storedOfBoot[boot] = ofBoot = [];
                ofBoot.AddRange(records);
            }

            if (acknowledge)
                outbox.Acknowledge(batch.Sequence);
        }
    }

    private static LogBatchId Id(LogBatch batch) => LogBatchId.Read(batch.BootId, batch.Sequence)!.Value;

    private static LogChanges Stored(LogChanges changes) => LogChanges.Parser.ParseFrom(changes.ToByteArray());

    private static Log Record(string message) => new() { Message = message };
}
