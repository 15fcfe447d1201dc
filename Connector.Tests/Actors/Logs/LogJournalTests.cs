using Akka.Actor;
using Akka.TestKit;
using Connector.Actors.Logs;
using Connector.Actors.State;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Tests.Actors.State;
using Xunit;
using static Connector.Actors.Control.ControlSessionProtocol;
using static Connector.Actors.Logs.LogShipperProtocol;
using static Connector.Actors.State.StateFileProtocol;

namespace Connector.Tests.Actors.Logs;

/// <summary>Log records that the control plane does not take, over restarts.</summary>
[Trait("kind", Kinds.Actor)]
public sealed class LogJournalTests : StateFileTestKit
{
    private static readonly LogOutboxLimits Quick = LogOutboxLimits.Default with { KeepInterval = TimeSpan.FromMilliseconds(20) };

    [Fact]
    public void Records_of_a_start_without_control_plane_are_delivered_by_the_next_one()
    {
        var (file, first) = StartShipping();
        first.Log("a", "b");
        Close(file);
        Kill(first.Actor, file);

        var (_, second) = StartShipping();
        second.Log("c");
        var session = Open(second.Actor);

        var old = session.ExpectMsg<ShipLogBatch>().Batch;
        Assert.Equal(["a", "b"], old.Records.Select(r => r.Message));
        Assert.Equal(first.Boot, BootId.Read(old.BootId.Span));
        session.Reply(second.Actor, old);
        var own = session.ExpectMsg<ShipLogBatch>().Batch;
        Assert.Equal(["c"], own.Records.Select(r => r.Message));
        Assert.Equal(second.Boot, BootId.Read(own.BootId.Span));
    }

    [Fact]
    public async Task Killed_process_loses_no_record_that_waited_for_a_moment()
    {
        var (file, first) = StartShipping();
        first.Log("a", "b", "c");
        await KeptAsync(() => Entries() > 0, "the records are on disk");
        Kill(first.Actor, file);

        var (_, second) = StartShipping();
        Assert.Equal(["a", "b", "c"], Open(second.Actor).ExpectMsg<ShipLogBatch>().Batch.Records.Select(r => r.Message));
    }

    [Fact]
    public async Task Batch_that_was_under_way_comes_again_under_its_number()
    {
        var (file, first) = StartShipping();
        first.Log("a");
        var sent = Open(first.Actor).ExpectMsg<ShipLogBatch>().Batch;
        await KeptAsync(() => Entries() > 0, "the record is on disk");
        Kill(first.Actor, file);

        var (_, second) = StartShipping();
        Assert.Equal(sent, Open(second.Actor).ExpectMsg<ShipLogBatch>().Batch);
    }

    [Fact]
    public void While_the_control_plane_answers_nothing_is_written()
    {
        var (file, shipper) = StartShipping(Quick with { KeepInterval = TimeSpan.FromSeconds(5) });
        var session = Open(shipper.Actor);
        for (var i = 0; i < 50; i++)
        {
            shipper.Log($"{i}");
            session.Reply(shipper.Actor, session.ExpectMsg<ShipLogBatch>().Batch);
        }

        Close(file);
        Assert.Equal(0, Entries());
    }

    [Fact]
    public async Task Delivered_records_leave_the_disk()
    {
        var (_, shipper) = StartShipping();
        shipper.Log("a");
        await KeptAsync(() => Entries() > 0, "the record is on disk");
        var session = Open(shipper.Actor);
        session.Reply(shipper.Actor, session.ExpectMsg<ShipLogBatch>().Batch);
        await KeptAsync(() => Query("SELECT count(*) FROM journal WHERE deleted = 0") == 0, "the entries are gone");
        await KeptAsync(() => Query("SELECT count(*) FROM snapshot WHERE length(snapshot) > 10") == 0, "the snapshot is empty");
    }

    [Fact]
    public async Task Outbox_on_disk_is_bounded_and_the_oldest_are_counted()
    {
        const int Records = 3_000;
        var limits = Quick with { MostBytes = 200_000 };
        var (file, first) = StartShipping(limits);
        var largest = 0L;
        for (var i = 0; i < Records; i++)
        {
            first.Log($"{i} {new string('x', 1_000)}");
            if (i % 100 != 0)
                continue;
            await Settled(first.Actor, i + 1);
            largest = Math.Max(largest, BytesOnDisk);
        }

        await Settled(first.Actor, Records);
        Close(file);
        Assert.InRange(largest, 1, 8_000_000);
        Assert.InRange(BytesOnDisk, 1, 1_000_000);
        Kill(first.Actor, file);

        var (_, second) = StartShipping(limits);
        var session = Open(second.Actor);
        var (delivered, counted) = (new List<int>(), 0L);
        while (delivered.Count + counted < Records)
        {
            var batch = session.ExpectMsg<ShipLogBatch>().Batch;
            counted += batch.Dropped;
            delivered.AddRange(batch.Records.Select(r => int.Parse(r.Message.Split(' ')[0])));
            session.Reply(second.Actor, batch);
        }

        Assert.Equal(Records, delivered.Count + counted);
        Assert.Equal(Enumerable.Range(Records - delivered.Count, delivered.Count), delivered);
        Assert.InRange(delivered.Count, 100, 200);
    }

    [Fact]
    public void Nothing_is_sent_before_it_is_known_what_an_earlier_start_left()
    {
        var file = CreateTestProbe();
        var shipper = Shipping(file, Quick);
        shipper.Log("new");
        var session = Open(shipper.Actor);
        file.ExpectMsg<OpenJournal>();
        session.ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        file.Send(shipper.Actor, new JournalLost("a test"));
        Assert.Equal("new", session.ExpectMsg<ShipLogBatch>().Batch.Records.Single().Message);
    }

    [Fact]
    public void Broken_file_costs_no_record_of_this_start()
    {
        File.WriteAllText(FilePath, "damaged");
        var (file, first) = StartShipping();
        first.Log("a");
        Close(file);
        Kill(first.Actor, file);
        Assert.Single(MovedAside);
        var (_, second) = StartShipping();
        Assert.Equal("a", Open(second.Actor).ExpectMsg<ShipLogBatch>().Batch.Records.Single().Message);
    }

    [Fact]
    public void Successor_may_send_what_its_predecessor_still_has()
    {
        var (file, first) = StartShipping();
        first.Log("a");
        Close(file);
        first.Log("b");

        // Both have batch 1 of the first boot, and it is the same batch for both.
        var (_, second) = StartShipping();
        var successors = Open(second.Actor).ExpectMsg<ShipLogBatch>().Batch;
        var session = Open(first.Actor);
        var own = session.ExpectMsg<ShipLogBatch>().Batch;
        Assert.Equal(own, successors);
        session.Reply(first.Actor, own);
        Assert.Equal("b", session.ExpectMsg<ShipLogBatch>().Batch.Records.Single().Message);
    }

    private long Entries()
        => File.Exists(FilePath) && Query("SELECT count(*) FROM sqlite_schema WHERE name = 'journal'") == 1 ? Query("SELECT count(*) FROM journal") : 0;

    private Task Settled(IActorRef shipper, int seen)
    {
        var probe = CreateTestProbe();
        return KeptAsync(
            () =>
            {
                shipper.Tell(GetOutbox.Instance, probe);
                var state = probe.ExpectMsg<OutboxState>();
                return state.Waiting + state.DroppedTotal == seen;
            },
            $"{seen} records are in the outbox or dropped");
    }

    private (IActorRef File, Shipper Shipper) StartShipping(LogOutboxLimits? limits = null)
    {
        var file = StartFile();
        return (file, Shipping(file, limits ?? Quick));
    }

    private Shipper Shipping(IActorRef file, LogOutboxLimits limits)
    {
        var (inlet, boot) = (new LogInlet(), BootId.New());
        return new Shipper(Sys.ActorOf(LogShipperActor.Props(inlet, limits, "r", boot, file)), inlet, boot);
    }

    private Session Open(IActorRef shipper)
    {
        var probe = CreateTestProbe();
        shipper.Tell(new SessionOpened(1), probe);
        return new Session(probe);
    }

    private void Close(IActorRef file)
    {
        var probe = CreateTestProbe();
        file.Tell(CloseStateFile.Instance, probe);
        probe.ExpectMsg<StateFileClosed>();
    }

    private sealed record Shipper(IActorRef Actor, LogInlet Inlet, BootId Boot)
    {
        public void Log(params IEnumerable<string> messages)
        {
            foreach (var message in messages)
                Inlet.Add(new Log { Message = message });
        }
    }

    private sealed record Session(TestProbe Probe)
    {
        public T ExpectMsg<T>() => Probe.ExpectMsg<T>();

        public void ExpectNoMsg(TimeSpan duration) => Probe.ExpectNoMsg(duration);

        public void Reply(IActorRef shipper, LogBatch batch) => shipper.Tell(new BatchAcknowledged(batch.Sequence), Probe);
    }
}
