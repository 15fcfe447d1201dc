using System.Text.Json;
using Connector.Actors.Control;
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
        Assert.Equal(new HealthVerdict(false, "no link to any edge"), HealthReport.Ready(cut));
    }

    [Fact]
    public void Replica_without_configuration_is_not_started_and_says_why()
    {
        var refused = Serving with { Configured = false, ControlSession = Refused };
        Assert.Equal(new HealthVerdict(false, "no configuration yet: refused, connector is already connected"), HealthReport.Startup(refused));
        Assert.False(HealthReport.Ready(refused).Good);
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

    private static ControlSessionProtocol.ControlSessionStatusChanged Refused
        => new(ControlSessionState.Refused, "connector is already connected", new SessionEpoch(0), DateTimeOffset.UnixEpoch);
}
