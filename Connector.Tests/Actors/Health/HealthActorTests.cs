using Connector.Actors.Control;
using Connector.Actors.Group;
using Connector.Actors.Health;
using Connector.Actors.Links;
using Connector.Actors.Sockets;
using Connector.Actors.State;
using Connector.Protocol.Ids;
using Xunit;
using static Connector.Actors.Health.HealthProtocol;
using TestKit = Akka.TestKit.Xunit.TestKit;

namespace Connector.Tests.Actors.Health;

[Trait("kind", Kinds.Actor)]
public sealed class HealthActorTests() : TestKit(TestKitHocon.Patient)
{
    [Fact]
    public void Published_states_are_collected_and_what_is_gone_leaves()
    {
        var health = Sys.ActorOf(HealthActor.Props(Subject, TimeProvider.System));
        var session = new ControlSessionProtocol.ControlSessionStatusChanged(ControlSessionState.Online, "", new SessionEpoch(1), DateTimeOffset.UnixEpoch);
        health.Tell(GetHealth.Instance, TestActor);
        Assert.False(ExpectMsg<HealthState>(TimeSpan.FromSeconds(20)).Configured);

        Sys.EventStream.Publish(Socket("a", "serving"));
        Sys.EventStream.Publish(Socket("b", "serving"));
        Sys.EventStream.Publish(Socket("a", "gone"));
        Sys.EventStream.Publish(new LinkSupervisorProtocol.LinkStatusChanged(new EdgeId("e"), false, "dialling"));
        Sys.EventStream.Publish(new LinkSupervisorProtocol.LinkStatusChanged(new EdgeId("e"), true, ""));
        Sys.EventStream.Publish(session);
        Sys.EventStream.Publish(new DesiredStateProtocol.DesiredStateChanged(new DesiredStateVersion("i", 2), 1, 0));
        health.Tell(DrainBegun.Instance, TestActor);
        health.Tell(GetHealth.Instance, TestActor);

        var state = ExpectMsg<HealthState>(TimeSpan.FromSeconds(20));
        Assert.Equal("b", Assert.Single(state.Sockets).SocketId.Value);
        Assert.True(Assert.Single(state.Links).Connected);
        Assert.Equal(session, state.ControlSession);
        Assert.Equal((true, true, 2L), (state.Configured, state.Draining, state.ConfigVersion.Number));
    }

    [Fact]
    public void Role_is_what_the_group_published_last()
    {
        var health = Sys.ActorOf(HealthActor.Props(Subject with { Role = GroupRole.Ungrouped }, TimeProvider.System));
        health.Tell(GetHealth.Instance, TestActor);
        Assert.Equal(GroupRole.Ungrouped, ExpectMsg<HealthState>(TimeSpan.FromSeconds(20)).Group!.Role);

        var member = new GroupStatusChanged(
            GroupRole.Member, 3, [new GroupMemberState(new ReplicaId("other"), new GroupPeer("10.0.0.1", 1), Leader: true)], "", DateTimeOffset.UnixEpoch);
        Sys.EventStream.Publish(member);
        Sys.EventStream.Publish(new ControlSessionProtocol.ControlPlaneHeard(Lamp.Now(TimeProvider.System), TimeSpan.FromMinutes(1)));
        health.Tell(GetHealth.Instance, TestActor);

        var state = ExpectMsg<HealthState>(TimeSpan.FromSeconds(20));
        Assert.Equal(member, state.Group);
        Assert.Equal(LampState.On, state.Control!.State);
    }

    [Fact]
    public void Streams_are_counted_while_they_run()
    {
        var streams = new RunningStreams();
        var health = Sys.ActorOf(HealthActor.Props(Subject with { Streams = streams }, TimeProvider.System));
        health.Tell(GetHealth.Instance, TestActor);
        ExpectMsg<HealthState>(TimeSpan.FromSeconds(20));
        Sys.EventStream.Publish(Socket("a", "serving"));
        var end = new TaskCompletionSource();
        streams.Track(new SocketId("a"), end.Task);
        health.Tell(GetHealth.Instance, TestActor);

        var state = ExpectMsg<HealthState>(TimeSpan.FromSeconds(20));
        Assert.Equal((1, 1), (state.Streams!.Count, Assert.Single(state.Sockets).LiveStreams));
        end.SetResult();
        Assert.Equal(0, streams.State().Count);
    }

    private static HealthSubject Subject => new(new ReplicaId("r"), new ConnectorId("c"), BootId.New(), "1");

    private static SocketSupervisorProtocol.SocketStatusChanged Socket(string id, string state)
        => new(new SocketId(id), id, state, "", 1, 0, DateTimeOffset.UnixEpoch);
}
