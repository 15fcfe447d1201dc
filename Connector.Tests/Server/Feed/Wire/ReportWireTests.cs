using System.Net;
using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Connector.Server.Feed;
using Connector.Server.Feed.Wire;
using Google.Protobuf;

namespace Connector.Tests.Server.Feed.Wire;

[Trait("kind", Kinds.Pure)]
public sealed class ReportWireTests
{
    private static readonly EdgeId Edge = new("the-edge");

    [Fact]
    public void Reports_arrive_as_they_were_sent_and_as_of_the_edge_that_sent_them()
    {
        var session = FeedSamples.Session();
        Assert.Equal(new EdgeReport.SessionBegan(session with { EdgeId = Edge }), Travel(new EdgeReport.SessionBegan(session)));
        var ended = FeedSamples.Ended(session);
        Assert.Equal(ended with { Session = session with { EdgeId = Edge } }, Travel(ended));
        var listening = new EdgeReport.Listening(new SocketId("s"), new IPEndPoint(IPAddress.IPv6Any, 20_000));
        Assert.Equal(listening, Travel(listening));
        var failed = new EdgeReport.ListenFailed(new SocketId("s"), 20_000, "in use");
        Assert.Equal(failed, Travel(failed));
        var logged = FeedSamples.Logged("ü");
        var arrived = Assert.IsType<EdgeReport.Logged>(Travel(logged));
        Assert.Equal(logged.Fields, arrived.Fields);
        Assert.Equal(logged with { Fields = arrived.Fields }, arrived);
    }

    [Fact]
    public void Every_way_a_session_ends_has_a_word_and_an_unknown_one_is_the_edges()
    {
        foreach (var ender in Enum.GetValues<SessionEnder>())
        {
            var ended = FeedSamples.Ended(FeedSamples.Session());
            var arrived = Assert.IsType<EdgeReport.SessionEnded>(Travel(ended with { Ending = ended.Ending with { EndedBy = ender } }));
            Assert.Equal(ender, arrived.Ending.EndedBy);
        }

        var wire = ReportWire.Of(FeedSamples.Ended(FeedSamples.Session()));
        wire.Ended.EndedBy = "the_moon";
        Assert.Equal(SessionEnder.Edge, Assert.IsType<EdgeReport.SessionEnded>(ReportWire.Of(wire, Edge, out _)).Ending.EndedBy);
    }

    [Fact]
    public void Report_that_cannot_be_read_is_left_out_with_a_reason()
    {
        Report[] bad =
        [
            new(),
            new() { Listener = new ListenerReport { SocketId = "s", Port = 1, Address = "no address" } },
            new() { Listener = new ListenerReport { SocketId = "s", Port = 1_000_000, Address = "127.0.0.1" } },
            new() { Listener = new ListenerReport { Port = 1, Address = "127.0.0.1" } },
            new() { Began = new Session { Id = ByteString.CopyFromUtf8("short") } },
            new() { Ended = new SessionEnd() },
            new() { Log = new LogReport { ConnectorId = "c", Message = "without a time" } },
            new() { Log = new LogReport { ConnectorId = new string('c', 1_000) } },
        ];
        Assert.All(bad, report =>
        {
            Assert.Null(ReportWire.Of(report, Edge, out var problem));
            Assert.NotEmpty(problem);
        });
    }

    [Fact]
    public void Text_of_an_edge_is_cut()
    {
        var arrived = Assert.IsType<EdgeReport.Logged>(Travel(FeedSamples.Logged(new string('x', 100_000)) with
        {
            Fields = [.. Enumerable.Range(0, 100).Select(i => new KeyValuePair<string, string>($"f{i}", "v"))],
        }));
        Assert.InRange(arrived.Message.Length, 1, FeedBounds.MaxText + 20);
        Assert.Equal(FeedBounds.MaxFields, arrived.Fields.Length);
    }

    private static EdgeReport? Travel(EdgeReport report) => ReportWire.Of(Report.Parser.ParseFrom(ReportWire.Of(report).ToByteArray()), Edge, out _);
}
