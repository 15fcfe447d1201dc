using System.Collections.Immutable;
using Connector.Actors.Control;
using Connector.Actors.Health;
using Connector.Actors.Links;
using Connector.Actors.Sockets;
using Connector.Actors.Sockets.Checks;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Xunit;
using Wire = Connector.Protocol.Control.Wire;

namespace Connector.Tests.Actors.Control;

[Trait("kind", Kinds.Pure)]
public sealed class ReplicaReportsTests
{
    private readonly ReplicaReports reports = new(new ReplicaId("r"));

    [Fact]
    public void Changed_lamp_is_told_at_once_and_one_that_was_only_proven_again_is_two_numbers()
    {
        reports.Add(Status("a"));
        Assert.True(reports.Add(Lamps("a", LampState.On, 1)));
        var told = Assert.Single(Assert.Single(reports.Take(At(3))).SocketStatus.Sockets);
        Assert.Equal((Wire.LampState.LampOn, 2000L), (told.Upstream.State, told.Upstream.AgeMs));

        Assert.False(reports.Add(Lamps("a", LampState.On, 5)));
        Assert.Empty(reports.Take(At(5)));
        var proofs = reports.Refresh(At(6)).SocketStatus.UpstreamProofs;
        Assert.Equal((told.Ref, 1000u), (Assert.Single(proofs.Refs), Assert.Single(proofs.AgeMs)));

        // Silence would be taken for silence.
        Assert.Empty(reports.Refresh(At(7)).SocketStatus.UpstreamProofs.Refs);
        Assert.True(reports.Add(Lamps("a", LampState.Off, 5)));
        Assert.Equal(Wire.LampState.LampOff, Assert.Single(Assert.Single(reports.Take(At(8))).SocketStatus.Sockets).Upstream.State);
    }

    [Fact]
    public void Ten_thousand_sockets_are_refreshed_in_one_small_message()
    {
        for (var i = 0; i < 10_000; i++)
        {
            reports.Add(Status($"0f3a5c1e-socket-{i}"));
            reports.Add(Lamps($"0f3a5c1e-socket-{i}", LampState.On, 1));
        }

        Assert.Equal(5, reports.Take(At(1)).Count);
        for (var i = 0; i < 10_000; i++)
            reports.Add(Lamps($"0f3a5c1e-socket-{i}", LampState.On, 2));
        Assert.InRange(reports.Refresh(At(4)).CalculateSize(), 10_000, 70_000);
    }

    [Fact]
    public void Path_names_only_the_sockets_that_an_edge_does_not_take()
    {
        foreach (var id in (string[])["a", "b", "c"])
            reports.Add(Status(id));
        var path = new LinkPath(
            new EdgeId("e"),
            new Lamp(LampState.On, DateTimeOffset.UnixEpoch, At(1), ""),
            ImmutableDictionary<SocketId, ServeAnswer>.Empty
                .Add(new SocketId("a"), new ServeAnswer(ServeCode.Accepted, DateTimeOffset.UnixEpoch))
                .Add(new SocketId("b"), new ServeAnswer(ServeCode.Forbidden, DateTimeOffset.UnixEpoch)));
        Assert.True(reports.Add(path));
        Assert.False(reports.Add(path with { Lamp = path.Lamp! with { ProvenAt = At(2) } }));

        var wire = Assert.Single(reports.Refresh(At(3)).SocketStatus.Paths);
        Assert.Equal((Wire.LampState.LampOn, 1000L), (wire.Lamp.State, wire.Lamp.AgeMs));
        Assert.Equal(["b:Forbidden", "c:"], wire.NotTaken.Select(socket => $"{socket.SocketId}:{socket.Reason}").Order());
        Assert.Equal(LampState.On, path.Of(new SocketId("a")).State);
        Assert.Equal(LampState.Unknown, path.Of(new SocketId("c")).State);
        var worst = LinkPath.Worst(new SocketId("b"), [path, path with { EdgeId = new EdgeId("other"), Answers = path.Answers.SetItem(new SocketId("b"), path.Answers[new SocketId("a")]) }], default);
        Assert.Equal((LampState.Off, "edge e does not take the socket: Forbidden"), (worst.State, worst.Reason));
        Assert.Equal(LampState.Off, LinkPath.Worst(new SocketId("a"), [], default).State);
    }

    private static SocketSupervisorProtocol.SocketStatusChanged Status(string id) => new(new SocketId(id), id, "serving", "", 1, 0, DateTimeOffset.UnixEpoch);

    private static UpstreamCheckProtocol.UpstreamLampsChanged Lamps(string id, LampState state, double proven)
        => new([new UpstreamCheckProtocol.UpstreamLampOf(new SocketId(id), new Lamp(state, DateTimeOffset.UnixEpoch, At(proven), ""))]);

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
