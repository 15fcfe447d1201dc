using Connector.Actors.Logs;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using CsCheck;
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

    private static Log Record(string message) => new() { Message = message };
}
