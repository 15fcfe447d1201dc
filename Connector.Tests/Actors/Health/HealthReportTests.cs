using System.Text.Json;
using Connector.Actors.Control;
using Connector.Actors.Group;
using Connector.Actors.Health;
using Connector.Actors.Links;
using Connector.Actors.Sockets;
using Connector.Protocol.Ids;
using Xunit;
using static Connector.Actors.Health.HealthProtocol;

namespace Connector.Tests.Actors.Health;

[Trait("kind", Kinds.Pure)]
public sealed class HealthReportTests
{
    private static readonly HealthState Serving = new(
        new ReplicaId("r"), new ConnectorId("c"), new BootId(Guid.Empty), "1.0", DateTimeOffset.UnixEpoch, Configured: true, Draining: false,
        new DesiredStateVersion("i", 4),
        new ControlSessionProtocol.ControlSessionStatusChanged(ControlSessionState.Online, "", new SessionEpoch(3), DateTimeOffset.UnixEpoch),
        [new SocketSupervisorProtocol.SocketStatusChanged(new SocketId("s"), "db", "serving", "", 4, 2, DateTimeOffset.UnixEpoch)],
        [new LinkSupervisorProtocol.LinkStatusChanged(new EdgeId("e"), true, "")]);

    [Fact]
    public void Serving_replica_is_live_started_and_ready()
    {
        Assert.True(HealthReport.Live(Serving).Good);
        Assert.True(HealthReport.Startup(Serving).Good);
        Assert.True(HealthReport.Ready(Serving).Good);
    }

    [Fact]
    public void Replica_that_lost_its_control_session_stays_ready()
        => Assert.True(HealthReport.Ready(Serving with { ControlSession = Refused }).Good);

    [Fact]
    public void Replica_without_a_link_is_live_but_not_ready()
    {
        var cut = Serving with { Links = [new LinkSupervisorProtocol.LinkStatusChanged(new EdgeId("e"), false, "cut")] };
        Assert.True(HealthReport.Live(cut).Good);
        Assert.Equal(new HealthVerdict(false, "not ready, lone: no link to any edge"), HealthReport.Ready(cut));
    }

    [Fact]
    public void Replica_without_configuration_is_not_started_and_says_why()
    {
        var refused = Serving with { Configured = false, ControlSession = Refused };
        Assert.Equal(new HealthVerdict(false, "not started, lone: no configuration yet: refused, connector is already connected"), HealthReport.Startup(refused));
        Assert.False(HealthReport.Ready(refused).Good);
    }

    [Theory]
    [InlineData(GroupRole.Lone, "lone")]
    [InlineData(GroupRole.Leader, "leader")]
    [InlineData(GroupRole.Member, "member")]
    public void Replica_that_serves_says_as_what(GroupRole role, string name)
    {
        var state = Serving with { Group = Group(role) };

        Assert.Equal($"live, {name}", HealthReport.Live(state).Text);
        Assert.Equal($"started, {name}", HealthReport.Startup(state).Text);
        Assert.Equal(new HealthVerdict(true, $"ready, {name}"), HealthReport.Ready(state));
        Assert.Equal("draining", HealthReport.RoleOf(state with { Draining = true }));
    }

    [Fact]
    public void Replica_without_a_group_is_ready_when_it_serves_and_says_why_it_is_alone()
    {
        var alone = Serving with { Group = Group(GroupRole.Ungrouped) with { Reason = "the control plane gave no verdict" } };

        Assert.Equal(
            new HealthVerdict(true, "ready, ungrouped: it serves by itself, because it is in no group: the control plane gave no verdict"), HealthReport.Ready(alone));
        Assert.True(HealthReport.Live(alone).Good);
        Assert.False(HealthReport.Ready(alone with { Links = [] }).Good);
    }

    [Fact]
    public void Member_holds_no_session_and_is_told_of_the_leader_s()
    {
        var member = Serving with { ControlSession = null, Group = Group(GroupRole.Member), Control = new LampReading(LampState.On, DateTimeOffset.UnixEpoch, TimeSpan.Zero, "") };
        var session = JsonDocument.Parse(HealthReport.StatusJson(member)).RootElement.GetProperty("control_session");
        Assert.Equal(("online", "held by the leader of the group"), (session.GetProperty("state").GetString(), session.GetProperty("reason").GetString()));

        var deaf = member with { Configured = false, Control = new LampReading(LampState.Unknown, DateTimeOffset.UnixEpoch, null, "the leader's control session was not heard of yet") };
        Assert.Equal("not started, member: no configuration yet: connecting, the leader's control session was not heard of yet", HealthReport.Startup(deaf).Text);
    }

    [Fact]
    public void Status_json_shows_role_group_streams_and_process()
    {
        var json = JsonDocument.Parse(HealthReport.StatusJson(Serving with
        {
            Group = Group(GroupRole.Leader),
            Streams = new RunningStreamsState(2, TimeSpan.FromSeconds(61), new Dictionary<SocketId, int>()),
            DrainTimeout = TimeSpan.FromMinutes(15),
        })).RootElement;

        Assert.Equal(Environment.ProcessId, json.GetProperty("pid").GetInt32());
        Assert.Equal("leader", json.GetProperty("role").GetString());
        Assert.True(json.GetProperty("ready").GetBoolean());
        Assert.Equal(900, json.GetProperty("drain_timeout_seconds").GetDouble());
        Assert.Equal((2, 61), (json.GetProperty("streams").GetProperty("live").GetInt32(), json.GetProperty("streams").GetProperty("oldest_seconds").GetDouble()));
        var group = json.GetProperty("group");
        Assert.Equal(7, group.GetProperty("generation").GetInt64());
        Assert.Equal("10.0.0.1:9500", group.GetProperty("members")[0].GetProperty("address").GetString());
        Assert.True(group.GetProperty("members")[0].GetProperty("leader").GetBoolean());
        Assert.False(JsonDocument.Parse(HealthReport.StatusJson(Serving)).RootElement.TryGetProperty("group", out _));
    }

    [Fact]
    public void Draining_replica_is_live_but_not_ready()
    {
        Assert.False(HealthReport.Ready(Serving with { Draining = true }).Good);
        Assert.True(HealthReport.Live(Serving with { Draining = true }).Good);
    }

    [Fact]
    public void Actors_that_do_not_answer_are_neither()
    {
        Assert.False(HealthReport.Live(null).Good);
        Assert.False(HealthReport.Startup(null).Good);
        Assert.False(HealthReport.Ready(null).Good);
    }

    [Fact]
    public void Status_json_holds_what_connector_status_reads()
    {
        var json = JsonDocument.Parse(HealthReport.StatusJson(Serving with { ControlSession = Refused })).RootElement;
        Assert.Equal("ready", json.GetProperty("status").GetString());
        Assert.Equal("r", json.GetProperty("replica_id").GetString());
        Assert.Equal("1.0", json.GetProperty("version").GetString());
        Assert.Equal("refused", json.GetProperty("control_session").GetProperty("state").GetString());
        Assert.Equal("connector is already connected", json.GetProperty("control_session").GetProperty("reason").GetString());
        Assert.Equal(4, json.GetProperty("config_version").GetProperty("number").GetInt64());
        Assert.Equal(2, json.GetProperty("sockets")[0].GetProperty("live_streams").GetInt32());
        Assert.True(json.GetProperty("links")[0].GetProperty("connected").GetBoolean());
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(HealthReport.StatusJson(null)).RootElement.ValueKind);
    }

    private static GroupStatusChanged Group(GroupRole role) => new(
        role, 7, [new GroupMemberState(new ReplicaId("r"), new GroupPeer("10.0.0.1", 9500), Leader: true)], "", DateTimeOffset.UnixEpoch);

    private static ControlSessionProtocol.ControlSessionStatusChanged Refused
        => new(ControlSessionState.Refused, "connector is already connected", new SessionEpoch(0), DateTimeOffset.UnixEpoch);
}
