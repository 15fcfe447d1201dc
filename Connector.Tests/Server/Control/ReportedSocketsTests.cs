using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Server.Control;

[Trait("kind", Kinds.Pure)]
public sealed class ReportedSocketsTests
{
    private readonly FakeTimeProvider time = new();
    private readonly ReportedSockets reported;

    public ReportedSocketsTests() => reported = new ReportedSockets(time);

    [Fact]
    public void Proof_grows_older_by_itself_and_is_renewed_in_two_numbers()
    {
        Take(new SocketStatusReport { Sockets = { Status("a", 1, 300) } });
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(TimeSpan.FromSeconds(10.3), Assert.Single(reported.Sockets()).Upstream!.Age);
        Assert.Equal(TimeSpan.FromSeconds(10), Assert.Single(reported.Replicas()).Silence);

        Take(new SocketStatusReport { UpstreamProofs = new LampProofs { Refs = { 1, 9 }, AgeMs = { 500, 1 } } });
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(1.5), Assert.Single(reported.Sockets()).Upstream!.Age);
        Assert.Equal(TimeSpan.FromSeconds(1), Assert.Single(reported.Replicas()).Silence);
    }

    [Fact]
    public void Number_of_a_socket_that_is_gone_renews_nothing()
    {
        Take(new SocketStatusReport { Sockets = { Status("a", 1, 0), Status("b", 2, 0) } });
        Take(new SocketStatusReport { Sockets = { new SocketStatus { SocketId = "a", State = "gone" } }, UpstreamProofs = new LampProofs { Refs = { 1 }, AgeMs = { 1 } } });
        Assert.Equal("b", Assert.Single(reported.Sockets()).SocketId.Value);
    }

    [Fact]
    public void Lists_of_different_lengths_and_too_many_are_cut()
    {
        var liar = new SocketStatusReport { ReplicaId = "r", UpstreamProofs = new LampProofs { Refs = { 1, 2, 3 }, AgeMs = { 1 } } };
        for (var i = 0; i < 70; i++)
        {
            liar.Paths.Add(new EdgePath { EdgeId = $"e{i}", Lamp = new Lamp { State = LampState.LampOn, AgeMs = -5 } });
        }

        liar.Paths.Add(new EdgePath { EdgeId = "no lamp" });
        var read = SocketReportReader.Read(liar);
        Assert.Single(read.Proofs);
        Assert.Equal(64, read.Paths.Length);
        Assert.Equal(TimeSpan.Zero, read.Paths[0].Link.Age);
    }

    [Fact]
    public void Paths_are_kept_until_others_are_told()
    {
        Take(new SocketStatusReport { Paths = { new EdgePath { EdgeId = "e", Lamp = new Lamp { State = LampState.LampOff, Reason = "no answer" }, NotTaken = { new SocketNotTaken { SocketId = "a", Reason = "Forbidden" } } } } });
        Take(new SocketStatusReport());
        var path = Assert.Single(Assert.Single(reported.Replicas()).Paths);
        Assert.Equal(("off", "no answer", "Forbidden"), (path.Link.State, path.Link.Reason, path.NotTaken[new SocketId("a")]));
    }

    private static SocketStatus Status(string id, uint reference, long age)
        => new() { SocketId = id, State = "serving", Ref = reference, Upstream = new Lamp { State = LampState.LampOn, AgeMs = age } };

    private void Take(SocketStatusReport report)
    {
        report.ReplicaId = "r";
        reported.Take(SocketReportReader.Read(report));
    }
}
