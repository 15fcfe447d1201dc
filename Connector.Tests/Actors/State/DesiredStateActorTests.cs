using Akka.Actor;
using Connector.Actors.Sockets;
using Connector.Actors.State;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using static Connector.Actors.State.DesiredStateProtocol;
using Action = Connector.Protocol.Control.Wire.Action;
using TestKit = Akka.TestKit.Xunit.TestKit;

namespace Connector.Tests.Actors.State;

[Trait("kind", Kinds.Actor)]
public sealed class DesiredStateActorTests : TestKit
{
    public DesiredStateActorTests()
        : base("akka { test.single-expect-default = 20s, loglevel = WARNING, stdout-loglevel = OFF, log-dead-letters = off }")
    {
    }

    [Fact]
    public void Pushes_are_applied_in_order_and_answered()
    {
        var sockets = CreateTestProbe();
        var actor = Sys.ActorOf(Props(sockets));
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
        var actor = Sys.ActorOf(Props(sockets));
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
    public void Plugins_are_announced_as_unsupported()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(PluginStatusChanged));
        var actor = Sys.ActorOf(Props(CreateTestProbe()));
        var init = Init(1);
        init.Plugins.Add(new PluginConfig { Id = "p", Name = "n", Type = "docker", Config = new Struct() });
        actor.Tell(new ApplyInit(1, init), CreateTestProbe());
        Assert.Equal(
            new PluginStatusChanged(new PluginId("p"), "unsupported", "discovery is not part of this build"), ExpectMsg<PluginStatusChanged>());
        actor.Tell(new ApplyInit(2, Init(2)), CreateTestProbe());
        Assert.Equal("gone", ExpectMsg<PluginStatusChanged>().State);
    }

    private static Init Init(long version) => new() { ConfigVersion = new ConfigVersion { Incarnation = "i", Number = version } };

    private static UpdateConfig Update(long version, string id) => new()
    {
        Action = Action.Create,
        SocketConfig = new SocketConfig { Id = id, Name = id, Type = "tls", Config = new Struct() },
        ConfigVersion = new ConfigVersion { Incarnation = "i", Number = version },
    };

    private static Props Props(IActorRef sockets) => DesiredStateActor.Props(
        new DesiredStatePeers(sockets, ActorRefs.Nobody, ActorRefs.Nobody),
        new ReplicaIdentity(new ConnectorId("connector-1"), new ReplicaId("replica-1"), new KeyThumbprint("key")), JournalLimits.Default, TimeProvider.System);
}
