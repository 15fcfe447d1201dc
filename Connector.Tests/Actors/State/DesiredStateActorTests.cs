using Akka.Actor;
using Akka.TestKit;
using Connector.Actors.Discovery;
using Connector.Actors.Links;
using Connector.Actors.Sockets;
using Connector.Actors.State;
using Connector.Protocol;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Protocol.State.Stored;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using static Connector.Actors.State.DesiredStateProtocol;
using static Connector.Actors.State.JournalProtocol;
using static Connector.Actors.State.StateFileProtocol;
using Action = Connector.Protocol.Control.Wire.Action;
using TestKit = Akka.TestKit.Xunit.TestKit;

namespace Connector.Tests.Actors.State;

[Trait("kind", Kinds.Actor)]
public sealed class DesiredStateActorTests : TestKit
{
    public DesiredStateActorTests()
        : base(TestKitHocon.Patient + "akka { loglevel = WARNING, stdout-loglevel = OFF, log-dead-letters = off }")
    {
    }

    [Fact]
    public void Pushes_are_applied_in_order_and_answered()
    {
        var sockets = CreateTestProbe();
        var actor = Start(sockets, ActorRefs.Nobody);
        actor.Tell(new ApplyInit(3, Init(1)), TestActor);
        for (var version = 2; version <= 20; version++)
            actor.Tell(new ApplyUpdate(3, Update(version, $"s{version:00}")), TestActor);

        for (var version = 1; version <= 20; version++)
        {
            Assert.Equal(new DesiredStateApplied(3, new DesiredStateVersion("i", version)), ExpectMsg<DesiredStateApplied>());
            var applied = sockets.ExpectMsg<SocketSupervisorProtocol.ApplySockets>();
            Assert.Equal(version, applied.Version.Number);
            Assert.Equal(version - 1, applied.Sockets.Length);
        }
    }

    [Fact]
    public void Poison_is_announced_once_with_its_reason_and_gone_with_its_correction()
    {
        var statuses = CreateTestProbe();
        Sys.EventStream.Subscribe(statuses.Ref, typeof(SocketSupervisorProtocol.SocketStatusChanged));
        var sockets = CreateTestProbe();
        var actor = Start(sockets, ActorRefs.Nobody);
        var poisoned = Init(1);
        poisoned.Sockets.Add(new SocketConfig { Id = "bad", Name = "bad", Type = "tls" });
        EventFilter.Warning(contains: "its configuration is not an object").ExpectOne(() => actor.Tell(new ApplyInit(1, poisoned), TestActor));
        Assert.Empty(sockets.ExpectMsg<SocketSupervisorProtocol.ApplySockets>().Sockets);
        var failed = statuses.ExpectMsg<SocketSupervisorProtocol.SocketStatusChanged>();
        Assert.Equal(("bad", "failed", "its configuration is not an object"), (failed.SocketId.Value, failed.State, failed.Reason));

        actor.Tell(new ApplyUpdate(1, Update(2, "bad")), TestActor);
        Assert.Equal("gone", statuses.ExpectMsg<SocketSupervisorProtocol.SocketStatusChanged>().State);
        Assert.Single(sockets.ExpectMsg<SocketSupervisorProtocol.ApplySockets>().Sockets);
    }

    [Fact]
    public void Plugins_are_told_to_the_last_who_asked_and_with_each_change()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(PluginStatusChanged));
        var (first, second) = (CreateTestProbe(), CreateTestProbe());
        var actor = Start(CreateTestProbe(), ActorRefs.Nobody);
        first.Send(actor, DiscoveryProtocol.WatchPlugins.Instance);
        var init = Init(1);
        init.Plugins.Add(new PluginConfig { Id = "p", Name = "n", Type = "docker_discovery", Config = new Struct() });
        actor.Tell(new ApplyInit(1, init), CreateTestProbe());
        Assert.Equal("docker_discovery", Assert.Single(first.ExpectMsg<DiscoveryProtocol.PluginsWanted>().Plugins).Type);

        second.Send(actor, DiscoveryProtocol.WatchPlugins.Instance);
        Assert.Single(second.ExpectMsg<DiscoveryProtocol.PluginsWanted>().Plugins);
        actor.Tell(new ApplyInit(2, Init(2)), CreateTestProbe());
        Assert.Empty(second.ExpectMsg<DiscoveryProtocol.PluginsWanted>().Plugins);
        Assert.Equal("gone", ExpectMsg<PluginStatusChanged>().State);
        Assert.False(first.HasMessages);
    }

    [Fact]
    public void Who_runs_plugins_is_told_of_changes_after_a_restart_too()
    {
        var runner = CreateTestProbe();
        var actor = Start(CreateTestProbe(), ActorRefs.Nobody);
        runner.Send(actor, DiscoveryProtocol.WatchPlugins.Instance);
        actor.Tell(new ApplyInit(1, null!), CreateTestProbe());
        var init = Init(1);
        init.Plugins.Add(new PluginConfig { Id = "p", Name = "n", Type = "docker_discovery", Config = new Struct() });
        actor.Tell(new ApplyInit(2, init), CreateTestProbe());
        Assert.Single(runner.ExpectMsg<DiscoveryProtocol.PluginsWanted>().Plugins);
    }

    [Fact]
    public void Question_for_the_state_waits_until_it_is_known_what_was_held()
    {
        var file = CreateTestProbe();
        var actor = Start(CreateTestProbe(), file);
        file.ExpectMsg<OpenJournal>();
        actor.Tell(GetDesiredState.Instance, TestActor);
        actor.Tell(new ApplyInit(1, Init(1)), CreateTestProbe());
        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        file.Send(actor, new JournalOpened(CreateTestProbe(), null, [], 0));
        Assert.Equal(1, ExpectMsg<DesiredStateState>().Version.Number);
        actor.Tell(GetDesiredState.Instance, TestActor);
        ExpectMsg<DesiredStateState>();
    }

    [Fact]
    public void Question_for_the_state_is_answered_when_nothing_can_be_known()
    {
        var file = CreateTestProbe();
        var actor = Start(CreateTestProbe(), file);
        actor.Tell(GetDesiredState.Instance, TestActor);
        file.Send(actor, new JournalLost("a test"));
        Assert.Equal(DesiredStateVersion.None, ExpectMsg<DesiredStateState>().Version);
    }

    [Fact]
    public void Push_that_came_before_the_journal_was_known_wins_and_is_written_as_the_whole()
    {
        var (file, journal, sockets, links) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        var actor = Start(sockets, file, links);
        actor.Tell(new ApplyInit(1, Init(5)), CreateTestProbe());
        Assert.Equal(5, sockets.ExpectMsg<SocketSupervisorProtocol.ApplySockets>().Version.Number);

        var held = new StateChanges { Changes = { new StateChange { Configuration = Init(3) }, new StateChange { Edges = Pushes.Edges("e") } } };
        file.Send(actor, new JournalOpened(journal, null, [held], held.CalculateSize()));

        Assert.Equal("e", links.ExpectMsg<LinkSupervisorProtocol.ApplyEdges>().Edges.Single().EdgeId.Value);
        var whole = Assert.IsType<StateSnapshot>(journal.ExpectMsg<Replace>().Snapshot);
        Assert.Equal((5, "e"), (whole.Configuration.Version.Number, whole.Edges.Edges_.Single().EdgeId));
        sockets.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void One_write_is_under_way_at_a_time_and_the_next_has_all_that_came_since()
    {
        var (actor, _, journal) = StartKeeping();
        Push(actor, 1, 4);
        var first = Assert.IsType<StateChanges>(journal.ExpectMsg<Append>().Entry);
        Assert.Single(first.Changes);
        journal.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        journal.Send(actor, Written.Instance);
        Assert.Equal([2L, 3L, 4L], Numbers(journal.ExpectMsg<Append>().Entry));
        journal.Send(actor, Written.Instance);
        journal.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Burst_that_nothing_takes_becomes_the_whole()
    {
        var (actor, _, journal) = StartKeeping();
        Push(actor, 1, 1_000);
        journal.ExpectMsg<Append>();
        journal.Send(actor, Written.Instance);
        Assert.Equal(1_000, Assert.IsType<StateSnapshot>(journal.ExpectMsg<Replace>().Snapshot).Configuration.Version.Number);
    }

    [Fact]
    public void After_a_lost_journal_the_next_write_is_the_whole()
    {
        var (actor, file, journal) = StartKeeping();
        Push(actor, 1, 2);
        journal.ExpectMsg<Append>();
        file.Send(actor, new JournalLost("a test"));
        Push(actor, 3, 3);
        journal.Send(actor, Written.Instance);
        journal.ExpectNoMsg(TimeSpan.FromMilliseconds(50));

        var next = CreateTestProbe();
        file.Send(actor, new JournalOpened(next, null, [new StateChanges { Changes = { new StateChange { Configuration = Init(1) } } }], 10));
        Assert.Equal(3, Assert.IsType<StateSnapshot>(next.ExpectMsg<Replace>().Snapshot).Configuration.Version.Number);
    }

    [Fact]
    public void Flush_is_answered_when_all_is_written_and_nothing_follows_it()
    {
        var (actor, file, journal) = StartKeeping();
        Push(actor, 1, 2);
        journal.ExpectMsg<Append>();
        file.Send(actor, FlushJournal.Instance);
        file.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        journal.Send(actor, Written.Instance);
        journal.ExpectMsg<Append>();
        journal.Send(actor, Written.Instance);
        file.ExpectMsg<JournalFlushed>();
        Push(actor, 3, 3);
        journal.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void State_that_is_too_large_is_said_once_and_served()
    {
        var (sockets, file, journal) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        var actor = Start(sockets, file, limits: new JournalLimits(10, 500, 1_000));
        file.Send(actor, new JournalOpened(journal, null, [], 0));
        EventFilter.Error(contains: "too large to be kept").ExpectOne(() =>
        {
            for (var version = 1; version <= 3; version++)
            {
                actor.Tell(new ApplyInit(1, Pushes.Init(version, Enumerable.Range(0, 100).Select(i => $"s{i}"))), CreateTestProbe());
                Assert.Equal(100, sockets.ExpectMsg<SocketSupervisorProtocol.ApplySockets>().Sockets.Length);
            }
        });
        journal.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        file.Send(actor, FlushJournal.Instance);
        file.FishForMessage<JournalFlushed>(_ => true);
    }

    [Fact]
    public void Oversized_edges_and_tickets_are_handed_on_and_not_kept()
    {
        var (file, journal, links) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        var actor = Start(CreateTestProbe(), file, links);
        file.Send(actor, new JournalOpened(journal, null, [], 0));
        actor.Tell(new HoldTicket(new Secret(new string('t', 20_000))));
        actor.Tell(new HoldEdges(Pushes.Edges(Enumerable.Range(0, 10_000).Select(i => $"edge-{i}"))));
        links.ExpectMsg<LinkSupervisorProtocol.ApplyTicket>();
        links.ExpectMsg<LinkSupervisorProtocol.ApplyEdges>();
        journal.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    private (IActorRef Actor, TestProbe File, TestProbe Journal) StartKeeping()
    {
        var (file, journal) = (CreateTestProbe(), CreateTestProbe());
        var actor = Start(CreateTestProbe(), file);
        file.ExpectMsg<OpenJournal>();
        file.Send(actor, new JournalOpened(journal, null, [], 0));
        return (actor, file, journal);
    }

    private void Push(IActorRef actor, int first, int last)
    {
        for (var version = first; version <= last; version++)
            actor.Tell(version == 1 ? new ApplyInit(1, Init(1)) : new ApplyUpdate(1, Update(version, $"s{version % 50}")), TestActor);
        FishForMessage<DesiredStateApplied>(m => m.Version.Number == last);
    }

    private static IEnumerable<long> Numbers(IMessage entry) => Assert.IsType<StateChanges>(entry).Changes.Select(c => c.Update.ConfigVersion.Number);

    private IActorRef Start(IActorRef sockets, IActorRef file, IActorRef? links = null, JournalLimits? limits = null)
        => Sys.ActorOf(DesiredStateActor.Props(
            new DesiredStatePeers(sockets, links ?? ActorRefs.Nobody, file),
            new ReplicaIdentity(new ConnectorId("c"), new ReplicaId("r"), new KeyThumbprint("k")),
            limits ?? JournalLimits.Default,
            TimeProvider.System));

    private static Init Init(long version) => new() { ConfigVersion = new ConfigVersion { Incarnation = "i", Number = version } };

    private static UpdateConfig Update(long version, string id) => new()
    {
        Action = Action.Create,
        SocketConfig = new SocketConfig { Id = id, Name = id, Type = "tls", Config = new Struct() },
        ConfigVersion = new ConfigVersion { Incarnation = "i", Number = version },
    };
}
