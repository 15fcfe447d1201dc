using System.Net;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;

namespace Connector.Tests.Relay.Frames;

[Trait("kind", Kinds.Pure)]
public sealed class ControlFramesTests
{
    private static readonly SocketId Socket = new("7b6cf7bb-3d6c-4c0f-8f3f-3d7a4a52f001");

    [Fact]
    public void Hello_round_trips()
    {
        var hello = new LaneHello(1, 3, LinkId.New(), BootId.New(), 7, LaneKind.Bulk, new ReplicaId("r-1"), new string('t', 900), ["resume", "hedge"]);
        var read = ControlFrames.ReadHello(Content(ControlFrames.Hello(hello)));
        Assert.Equal(hello with { Features = read.Features }, read);
        Assert.Equal(hello.Features, read.Features);
    }

    [Theory]
    [InlineData("203.0.113.9")]
    [InlineData("2001:db8::17")]
    public void Open_round_trips_with_either_family(string client)
    {
        var request = new OpenRequest(Socket, new IPEndPoint(IPAddress.Parse(client), 54321), "db.example", "ana@example.org", "00-abc");
        Assert.Equal((request, 1234L), ControlFrames.ReadOpen(Content(ControlFrames.Open(5, request, 1234))));
    }

    [Fact]
    public void Serve_unserve_and_their_answer_round_trip()
    {
        Assert.Equal((Socket, 9L, 44L, UpstreamLamp.Off), ControlFrames.ReadServe(Content(ControlFrames.Serve(Socket, 44, UpstreamLamp.Off, 9))));
        Assert.Equal((Socket, 10L), ControlFrames.ReadUnserve(Content(ControlFrames.Unserve(Socket, 10))));
        Assert.Equal((Socket, ServeCode.Forbidden), ControlFrames.ReadServeAck(Content(ControlFrames.ServeAck(Socket, ServeCode.Forbidden))));
    }

    [Fact]
    public void Resume_round_trips_and_contradicting_counts_are_refused()
    {
        ResumeEntry[] entries = [new(1, ResumeState.Open, ResumeAsk.Answer, 100, 2000, null), new(9, ResumeState.Finished, ResumeAsk.None, 5, 5, 5), new(3, ResumeState.Opening, ResumeAsk.Data | ResumeAsk.Answer, 0, 7, 5)];
        var content = Content(ControlFrames.Resume(entries));
        Assert.Equal(entries, ControlFrames.ReadResume(content));
        content[1]++;
        Assert.Throws<LaneProtocolException>(() => ControlFrames.ReadResume(content));
    }

    [Fact]
    public void Text_for_people_is_cut_at_a_character_and_identifiers_are_not_cut()
    {
        var refused = ControlFrames.ReadRefused(Content(ControlFrames.Refused(1, RefusalCode.Unreachable, new string('ä', 400))));
        Assert.Equal(new string('ä', 256), refused.Text);
        Assert.Throws<ArgumentException>(() => ControlFrames.ServeAck(new SocketId(new string('x', 65)), ServeCode.Unknown));
    }

    [Fact]
    public void Text_that_is_not_utf8_is_refused()
    {
        var content = Content(ControlFrames.Refused(1, RefusalCode.Busy, "abc"));
        content[^1] = 0xFF;
        Assert.Throws<LaneProtocolException>(() => ControlFrames.ReadRefused(content));
    }

    [Fact]
    public void Content_with_bytes_too_many_is_refused()
        => Assert.Throws<LaneProtocolException>(() => ControlFrames.ReadServeAck([.. Content(ControlFrames.ServeAck(Socket, ServeCode.Accepted)), 0]));

    private static byte[] Content(byte[] frame)
    {
        var header = FrameHeader.Read(frame);
        Assert.Equal(frame.Length, FrameLimits.HeaderSize + header.Length);
        return frame[FrameLimits.HeaderSize..];
    }
}
