using System.Collections.Frozen;
using Connector.Protocol.Ids;
using Connector.Relay.Links;
using Connector.Server.Api;
using Connector.Server.Control;
using Connector.Server.Feed;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Tests.Server.Api;

[Trait("kind", Kinds.Pure)]
public sealed class LampDecisionTests
{
    private static readonly SocketId Socket = new("s");
    private static readonly EdgeId Edge = new("e");
    private static readonly ReplicaId Replica = new("r");
    private static readonly LampReport On = new(LampReport.On, DateTimeOffset.UnixEpoch, Seconds(2), "");
    private static readonly ReplicaReport Fresh = new(Replica, Seconds(1), []);

    private static readonly ReplicaLinks Links = new(Replica, new BootId(Guid.Empty), 2, 0, false, [Socket]) { Path = new PathProof(true, Seconds(1)) };

    private static readonly SessionState Session = new(
        new ConnectorId("c"), "online", new SessionEpoch(1), Replica, DateTimeOffset.UnixEpoch, null, [], []) { Silence = Seconds(3) };

    [Theory]
    [InlineData("online", 3, "on")]
    [InlineData("online", 12, "on")]
    [InlineData("online", 12.1, "unknown")]
    [InlineData("offline", 0, "off")]
    [InlineData("unknown", 0, "unknown")]
    public void Control_is_on_while_the_session_is_heard(string state, double silence, string expected)
        => Assert.Equal(expected, LampDecision.Control(Session with { State = state, Silence = Seconds(silence) }, Replica, null).State);

    [Fact]
    public void Control_of_a_member_lives_by_its_own_reports()
    {
        var member = new ReplicaId("m");
        Assert.Equal("unknown", LampDecision.Control(Session, member, null).State);
        Assert.Equal("on", LampDecision.Control(Session, member, Fresh with { ReplicaId = member }).State);
        Assert.Equal("unknown", LampDecision.Control(Session, member, Fresh with { ReplicaId = member, Silence = Seconds(20) }).State);
    }

    [Theory]
    [InlineData("on", 0, "on")]
    [InlineData("on", 12, "on")]
    [InlineData("on", 12.1, "unknown")]
    [InlineData("off", 1, "off")]
    [InlineData("off", 13, "unknown")]
    [InlineData("unknown", 1, "unknown")]
    public void Upstream_of_a_replica_that_fell_silent_is_never_green(string told, double silence, string expected)
    {
        var answer = LampDecision.Upstream(On with { State = told }, Fresh with { Silence = Seconds(silence) });
        Assert.Equal((expected, 2d), (answer.State, answer.AgeSeconds));
    }

    [Fact]
    public void Upstream_that_nobody_told_of_is_unknown()
    {
        Assert.Equal("unknown", LampDecision.Upstream(null, Fresh).State);
        Assert.Equal("unknown", LampDecision.Upstream(On, null).State);
    }

    [Fact]
    public void Path_is_what_the_edge_proves_by_its_age()
    {
        var on = LampDecision.Path(Socket, Edge, Links, true, Seconds(2), null);
        Assert.Equal(("on", 3d), (on.State, on.AgeSeconds));
        Assert.Equal("unknown", LampDecision.Path(Socket, Edge, Links, true, Seconds(12.1), null).State);
        Assert.Equal("off", LampDecision.Path(Socket, Edge, Links with { Path = new PathProof(false, Seconds(6)) }, true, Seconds(1), null).State);
        Assert.Equal("off", LampDecision.Path(Socket, Edge, Links with { Lanes = 0 }, true, Seconds(1), null).State);
        Assert.Equal("off", LampDecision.Path(Socket, Edge, Links, false, Seconds(1), null).State);
        Assert.Contains("no link", LampDecision.Path(Socket, Edge, null, false, null, null).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Path_that_the_replica_sees_to_be_off_is_off()
    {
        var seen = new ReportedPath(Edge, On with { State = LampReport.Off, Reason = "no answer" }, FrozenDictionary<SocketId, string>.Empty, false);
        var answer = LampDecision.Path(Socket, Edge, Links, true, Seconds(1), Fresh with { Paths = [seen] });
        Assert.Equal("off", answer.State);
        Assert.Contains("edge e: no answer", answer.Reason, StringComparison.Ordinal);

        // What it sees of another edge is that edge's lamp.
        var elsewhere = seen with { EdgeId = new EdgeId("other") };
        Assert.Equal("on", LampDecision.Path(Socket, Edge, Links, true, Seconds(1), Fresh with { Paths = [elsewhere] }).State);

        var refused = seen with { Link = On, NotTaken = new Dictionary<SocketId, string> { [Socket] = "Forbidden" }.ToFrozenDictionary() };
        Assert.Contains("Forbidden", LampDecision.Path(Socket, Edge, Links, true, Seconds(1), Fresh with { Paths = [refused] }).Reason, StringComparison.Ordinal);

        // What it said before it fell silent says nothing any more.
        Assert.Equal("on", LampDecision.Path(Socket, Edge, Links, true, Seconds(1), new ReplicaReport(Replica, Seconds(13), [seen])).State);
    }

    [Fact]
    public void Of_paths_over_several_edges_one_that_is_on_is_enough()
    {
        var (on, older) = (LampAnswer.Of(LampReport.On, null, Seconds(1), null), LampAnswer.Of(LampReport.On, null, Seconds(3), null));
        var (off, unknown) = (LampAnswer.Of(LampReport.Off, null, null, "cut"), LampAnswer.Of(LampReport.Unknown, null, null, "silent"));
        Assert.Equal(on, LampDecision.Best([off, older, on, unknown]));
        Assert.Equal(unknown, LampDecision.Best([off, unknown]));
        Assert.Equal(("off", "cut; gone"), (LampDecision.Best([off, off with { Reason = "gone" }]).State, LampDecision.Best([off, off with { Reason = "gone" }]).Reason));
        Assert.Equal("off", LampDecision.Best([]).State);
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
