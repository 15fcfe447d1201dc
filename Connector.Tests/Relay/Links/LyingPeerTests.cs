using System.Net;
using System.Net.Sockets;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Streams;
using Connector.Tests.Relay.Wire;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Relay.Links;

/// <summary>A replica link whose edge is the test itself, writing frames by hand.</summary>
[Trait("kind", Kinds.Stream)]
public sealed class LyingPeerTests : IReplicaLinkOwner, IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private static readonly SocketId Id = new("socket");
    private readonly RelayMemory memory = new(new RelayMemoryOptions(Poison: true));
    private readonly System.Threading.Channels.Channel<OfferedStream> offers = System.Threading.Channels.Channel.CreateUnbounded<OfferedStream>();
    private readonly List<Socket> edges = [];

    // Stands still: an edge that waits for its turn at the processor is neither silent nor stale.
    private readonly FakeTimeProvider time = new();
    private ReplicaLink link = null!;
    private SocketMemory share = null!;

    public ValueTask InitializeAsync()
    {
        link = new ReplicaLink(BootId.New(), memory, this, time);
        share = memory.ForSocket(Id);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await link.DisposeAsync().AsTask().WaitAsync(Long);
        edges.ForEach(edge => edge.Dispose());
        await Eventually.IsTrue(() => memory.OutstandingBuffers == 0 && memory.UsedBytes == 0 && memory.ReservedStreams == 0, "everything is back");
    }

    [Fact]
    public async Task Data_beyond_the_limit_ends_that_lane_and_only_that_lane()
    {
        var (lane, edge) = await AttachAsync();
        var (sibling, siblingEdge) = await AttachAsync();
        var stream = await OpenAsync(edge, 1);
        var bystander = await OpenAsync(siblingEdge, 2);
        await edge.SendAsync(Data(1, 40L << 20, [1]));
        Assert.Equal(LaneEndKind.Protocol, (await lane.Completion.WaitAsync(Long)).Kind);
        Assert.Equal(StreamEnd.Failed, stream.Outcome!.End);
        Assert.False(sibling.Completion.IsCompleted);
        Assert.Null(bystander.Outcome);
        var goAway = await ReadUntilAsync(edge, FrameType.GoAway);
        Assert.Equal(GoAwayReason.Protocol, ControlFrames.ReadGoAway(goAway).Reason);
    }

    [Fact]
    public async Task Contradicting_fin_and_credit_for_unsent_bytes_end_the_lane()
    {
        var (lane, edge) = await AttachAsync();
        await OpenAsync(edge, 1);
        await edge.SendAsync(new ContentWriter().U64(10).Frame(FrameType.Fin, 1));
        await edge.SendAsync(new ContentWriter().U64(11).Frame(FrameType.Fin, 1));
        Assert.Equal(LaneEndKind.Protocol, (await lane.Completion.WaitAsync(Long)).Kind);
        var (second, secondEdge) = await AttachAsync();
        await OpenAsync(secondEdge, 2);
        await secondEdge.SendAsync(new ContentWriter().U64(1).U64(100).Frame(FrameType.Credit, 2));
        Assert.Equal(LaneEndKind.Protocol, (await second.Completion.WaitAsync(Long)).Kind);
    }

    [Fact]
    public async Task Frames_for_an_unknown_stream_are_answered_by_reset_gone_and_harm_nothing()
    {
        var (lane, edge) = await AttachAsync();
        await edge.SendAsync(Data(77, 0, [1, 2, 3]));
        var code = (ResetCode)new ContentReader(await ReadUntilAsync(edge, FrameType.Reset)).U16();
        Assert.Equal(ResetCode.Gone, code);
        await edge.SendAsync(ControlFrames.Resume([new ResumeEntry(78, ResumeState.Open, ResumeAsk.Answer, 0, 0, null)]));
        await ReadUntilAsync(edge, FrameType.Reset);
        Assert.False(lane.Completion.IsCompleted);
    }

    [Fact]
    public async Task Duplicate_open_repeats_the_answer_and_offers_nothing_again()
    {
        var (_, edge) = await AttachAsync();
        await OpenAsync(edge, 1);
        await ReadUntilAsync(edge, FrameType.Opened);
        await edge.SendAsync(Open(1));
        await ReadUntilAsync(edge, FrameType.Opened);
        Assert.False(offers.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Dials_beyond_the_bound_are_refused_as_busy_until_one_has_ended()
    {
        var (_, edge) = await AttachAsync();
        for (uint id = 1; id <= ReplicaLink.MaxPendingDials; id++)
            await edge.SendAsync(Open(id));
        var pending = new List<OfferedStream>();
        for (var i = 0; i < ReplicaLink.MaxPendingDials; i++)
            pending.Add(await offers.Reader.ReadAsync().AsTask().WaitAsync(Long));
        await edge.SendAsync(Open(1000));
        Assert.Equal(RefusalCode.Busy, ControlFrames.ReadRefused(await ReadUntilAsync(edge, FrameType.Refused)).Code);

        // A reset does not free the place, the end of the dial does.
        await edge.SendAsync(new ContentWriter().U16((ushort)ResetCode.Cancelled).Frame(FrameType.Reset, 1));
        await ReadUntilAsync(edge, FrameType.Reset);
        await edge.SendAsync(Open(1001));
        Assert.Equal(RefusalCode.Busy, ControlFrames.ReadRefused(await ReadUntilAsync(edge, FrameType.Refused)).Code);
        pending[0].Refuse(RefusalCode.UpstreamTimeout, "over");
        await edge.SendAsync(Open(1002));
        Assert.Equal(1002u, (await offers.Reader.ReadAsync().AsTask().WaitAsync(Long)).Id);
    }

    [Fact]
    public async Task Pieces_ahead_are_held_and_duplicates_dropped()
    {
        var (_, edge) = await AttachAsync();
        var stream = await OpenAsync(edge, 1);
        await edge.SendAsync(Data(1, 4, [4, 5, 6]));
        await edge.SendAsync(Data(1, 2, [2, 3, 4]));
        await edge.SendAsync(Data(1, 0, [0, 1]));
        await edge.SendAsync(Data(1, 0, [0, 1, 2, 3]));
        await Eventually.IsTrue(() => stream.BytesReceived == 7, "seven bytes are contiguous");
        var taken = new List<byte>();
        while (stream.TakeInbound(out _) is { } buffer)
        {
            taken.AddRange(buffer.Filled.Span);
            buffer.Return();
        }

        Assert.Equal([0, 1, 2, 3, 4, 5, 6], taken);
    }

    [Fact]
    public async Task Small_frames_share_buffers()
    {
        var (_, edge) = await AttachAsync();
        var stream = await OpenAsync(edge, 1);
        for (var i = 0; i < 3000; i++)
            await edge.SendAsync(Data(1, i, [(byte)i]));
        await Eventually.IsTrue(() => stream.BytesReceived == 3000, "all is received");
        Assert.Equal(1, share.OutstandingBuffers);
        stream.Reset(ResetCode.Policy);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0")]
    public async Task Garbage_ends_the_lane(string garbage)
    {
        var (lane, edge) = await AttachAsync();
        await edge.SendAsync(System.Text.Encoding.ASCII.GetBytes(garbage));
        Assert.Equal(LaneEndKind.Protocol, (await lane.Completion.WaitAsync(Long)).Kind);
    }

    [Fact]
    public async Task Silent_edge_is_noticed_within_three_seconds()
    {
        var (lane, _) = await AttachAsync();
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromSeconds(3); passed += LaneLiveness.CheckInterval)
            time.Advance(LaneLiveness.CheckInterval);
        var end = await lane.Completion.WaitAsync(Long);
        Assert.Equal(LaneEndKind.Silent, end.Kind);
    }

    [Fact]
    public async Task Ping_is_answered_with_its_own_bytes()
    {
        var (_, edge) = await AttachAsync();
        await edge.SendAsync(Raw.Ping(424242));
        Assert.Equal(424242, new ContentReader(await ReadUntilAsync(edge, FrameType.Pong)).U64());
    }

    [Fact]
    public async Task Echo_is_answered_with_its_own_bytes()
    {
        var (_, edge) = await AttachAsync();
        await edge.SendAsync(ControlFrames.Echo(FrameType.Echo, 0, "probe"u8));
        Assert.Equal("probe"u8.ToArray(), await ReadUntilAsync(edge, FrameType.EchoReply));
    }

    void IReplicaLinkOwner.StreamOffered(OfferedStream stream) => offers.Writer.TryWrite(stream);

    void IReplicaLinkOwner.ServeAnswered(SocketId socketId, ServeCode code)
    {
    }

    void IReplicaLinkOwner.GoAwayReceived(GoAwayReason reason, TimeSpan grace)
    {
    }

    void IReplicaLinkOwner.DrainAcknowledged(uint highestOpen)
    {
    }

    void IReplicaLinkOwner.TicketAnswered(bool accepted, string text)
    {
    }

    private static byte[] Data(uint id, long offset, ReadOnlySpan<byte> bytes) => Frames.FrameDecoderTests.DataFrame(id, offset, bytes);

    private static byte[] Open(uint id) => ControlFrames.Open(id, new OpenRequest(Id, new IPEndPoint(IPAddress.Loopback, 1), "", "", ""), 1 << 20);

    /// <summary>Skips other frames, as an edge that looks for one thing would.</summary>
    private static async Task<byte[]> ReadUntilAsync(Socket edge, FrameType wanted)
    {
        using var deadline = new CancellationTokenSource(Long);
        await using var stream = new NetworkStream(edge, ownsSocket: false);
        while (true)
        {
            var head = new byte[FrameLimits.HeaderSize];
            await stream.ReadExactlyAsync(head, deadline.Token);
            var header = FrameHeader.Read(head);
            var content = new byte[header.Length];
            await stream.ReadExactlyAsync(content, deadline.Token);
            if (header.Type == wanted)
                return content;
        }
    }

    private async Task<(Lane Lane, Socket Edge)> AttachAsync()
    {
        var (near, far) = await LinkPair.ConnectAsync();
        edges.Add(far);
        return (link.Attach(link.NextLaneNumber(), LaneKind.Shared, new NetworkStream(near, ownsSocket: true)), far);
    }

    private async Task<RelayStream> OpenAsync(Socket edge, uint id)
    {
        await edge.SendAsync(Open(id));
        var offer = await offers.Reader.ReadAsync().AsTask().WaitAsync(Long);
        offer.Accept();
        var stream = offer.Open(share);
        Assert.NotNull(stream);
        return stream;
    }
}
