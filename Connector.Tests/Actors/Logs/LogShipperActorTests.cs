using Akka.Actor;
using Akka.TestKit;
using Connector.Actors.Logs;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Xunit;
using static Connector.Actors.Control.ControlSessionProtocol;
using static Connector.Actors.Logs.LogShipperProtocol;
using TestKit = Akka.TestKit.Xunit.TestKit;

namespace Connector.Tests.Actors.Logs;

[Trait("kind", Kinds.Actor)]
public sealed class LogShipperActorTests : TestKit
{
    private readonly LogInlet inlet = new();

    public LogShipperActorTests()
        : base(TestKitHocon.Patient + "akka { loglevel = WARNING, stdout-loglevel = OFF, log-dead-letters = off }")
    {
    }

    [Fact]
    public void Reached_bound_becomes_a_counted_gap()
    {
        var shipper = Start(new LogOutboxLimits(MostRecords: 10));
        AddAndAwait(shipper, 0, 25, waiting: 10);
        var session = Open(shipper, 1);
        var batch = session.ExpectMsg<ShipLogBatch>().Batch;
        Assert.Equal(15, batch.Dropped);
        Assert.Equal(Enumerable.Range(15, 10).Select(i => $"{i}"), batch.Records.Select(r => r.Message));
        shipper.Tell(new BatchAcknowledged(batch.Sequence));
        inlet.Add(new Log { Message = "later" });
        Assert.Equal(0, session.ExpectMsg<ShipLogBatch>().Batch.Dropped);
    }

    [Fact]
    public void Overrun_inlet_is_counted_too()
    {
        for (var i = 0; i < 5000; i++)
            inlet.Add(new Log { Message = $"{i}" });
        var session = Open(Start(LogOutboxLimits.Default), 1);
        var delivered = 0L;
        while (delivered < 5000)
        {
            var batch = session.ExpectMsg<ShipLogBatch>().Batch;
            delivered += batch.Dropped + batch.Records.Count;
            session.Reply(new BatchAcknowledged(batch.Sequence));
        }

        Assert.Equal(5000, delivered);
    }

    [Fact]
    public void Unacknowledged_batch_is_sent_again_with_its_sequence_after_a_reconnect()
    {
        var shipper = Start(LogOutboxLimits.Default);
        AddAndAwait(shipper, 0, 3, waiting: 3);
        var first = Open(shipper, 1).ExpectMsg<ShipLogBatch>();
        shipper.Tell(new SessionLost(1));
        AddAndAwait(shipper, 3, 2, waiting: 2);
        var session = Open(shipper, 2);
        var again = session.ExpectMsg<ShipLogBatch>();
        Assert.Equal((2, first.Batch), (again.Attempt, again.Batch));
        shipper.Tell(new BatchAcknowledged(again.Batch.Sequence));
        var next = session.ExpectMsg<ShipLogBatch>().Batch;
        Assert.Equal(first.Batch.Sequence + 1, next.Sequence);
        Assert.Equal(["3", "4"], next.Records.Select(r => r.Message));
    }

    [Fact]
    public void Nothing_more_is_sent_before_the_acknowledgement()
    {
        var shipper = Start(LogOutboxLimits.Default);
        var session = Open(shipper, 1);
        inlet.Add(new Log { Message = "a" });
        var batch = session.ExpectMsg<ShipLogBatch>().Batch;
        AddAndAwait(shipper, 0, 4, waiting: 4);
        session.ExpectNoMsg(TimeSpan.Zero);
        shipper.Tell(new BatchAcknowledged(batch.Sequence));
        Assert.Equal(4, session.ExpectMsg<ShipLogBatch>().Batch.Records.Count);
    }

    [Fact]
    public void Restarted_shipper_goes_on_counting()
    {
        var boot = BootId.New();
        inlet.Add(new Log { Message = "a" });
        var first = Sys.ActorOf(LogShipperActor.Props(inlet, LogOutboxLimits.Default, "r", boot, ActorRefs.Nobody));
        var before = Open(first, 1).ExpectMsg<ShipLogBatch>().Batch;
        Watch(first);
        Sys.Stop(first);
        ExpectTerminated(first);

        inlet.Add(new Log { Message = "b" });
        var after = Open(Sys.ActorOf(LogShipperActor.Props(inlet, LogOutboxLimits.Default, "r", boot, ActorRefs.Nobody)), 2).ExpectMsg<ShipLogBatch>().Batch;
        Assert.Equal((before.BootId, before.Sequence + 1), (after.BootId, after.Sequence));
    }

    [Fact]
    public void Loss_of_an_earlier_session_does_not_close_the_present_one()
    {
        var shipper = Start(LogOutboxLimits.Default);
        Open(shipper, 1);
        var session = Open(shipper, 2);
        shipper.Tell(new SessionLost(1));
        inlet.Add(new Log { Message = "a" });
        Assert.Equal(2, session.ExpectMsg<ShipLogBatch>().Attempt);
    }

    private IActorRef Start(LogOutboxLimits limits) => Sys.ActorOf(LogShipperActor.Props(inlet, limits, "r", BootId.New(), ActorRefs.Nobody));

    private TestProbe Open(IActorRef shipper, int attempt)
    {
        var session = CreateTestProbe();
        shipper.Tell(new SessionOpened(attempt), session);
        return session;
    }

    private void AddAndAwait(IActorRef shipper, int first, int count, int waiting)
    {
        for (var i = first; i < first + count; i++)
            inlet.Add(new Log { Message = $"{i}" });
        var probe = CreateTestProbe();
        AwaitAssert(
            () =>
            {
                shipper.Tell(GetOutbox.Instance, probe);
                var state = probe.ExpectMsg<OutboxState>();
                Assert.Equal((waiting, count - waiting), (state.Waiting, (int)state.DroppedTotal));
            },
            TimeSpan.FromSeconds(20));
    }
}
