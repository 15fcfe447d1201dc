using System.Collections.Concurrent;
using Connector.Relay.Frames;
using Connector.Relay.Links;
using Connector.Tests.Relay.Wire;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Relay.Links;

[Trait("kind", Kinds.Stream)]
public sealed class StreamOpeningTests
{
    private const int PlacesOfSocket = 24;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Accepted_is_told_before_the_answer()
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        var peer = await edge.AttachServingAsync();
        var opening = edge.Link.BeginOpen(Raw.Request, edge.Share);
        var (header, _) = await peer.ReadUntilAsync(FrameType.Open);
        Assert.False(opening.Accepted.IsCompleted);
        await peer.SendAsync(Accepted(header.Stream));
        await opening.Accepted.WaitAsync(Long);
        Assert.False(opening.Answer.IsCompleted);
        await peer.SendAsync(Raw.Opened(header.Stream));
        Assert.IsType<OpenOutcome.Opened>(await opening.Answer.WaitAsync(Long));
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Opened_counts_as_accepted_and_refused_does_not()
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        var peer = await edge.AttachServingAsync();
        var opened = edge.Link.BeginOpen(Raw.Request, edge.Share);
        await peer.SendAsync(Raw.Opened((await peer.ReadUntilAsync(FrameType.Open)).Header.Stream));
        await opened.Answer.WaitAsync(Long);
        Assert.True(opened.Accepted.IsCompletedSuccessfully);
        var refused = edge.Link.BeginOpen(Raw.Request, edge.Share);
        await peer.SendAsync(ControlFrames.Refused((await peer.ReadUntilAsync(FrameType.Open)).Header.Stream, RefusalCode.Stale, "slept"));
        Assert.Equal(RefusalCode.Stale, Assert.IsType<OpenOutcome.Refused>(await refused.Answer.WaitAsync(Long)).Code);
        Assert.False(refused.Accepted.IsCompleted);
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Offer_that_waits_for_a_place_is_not_accepted_and_can_be_given_up()
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        var peer = await edge.AttachServingAsync();
        var held = new List<(StreamOpening Opening, uint Stream)>();
        for (var i = 0; i < PlacesOfSocket; i++)
        {
            var opening = edge.Link.BeginOpen(Raw.Request, edge.Share);
            held.Add((opening, (await peer.ReadUntilAsync(FrameType.Open)).Header.Stream));
        }

        var given = edge.Link.BeginOpen(Raw.Request, edge.Share);
        var kept = edge.Link.BeginOpen(Raw.Request, edge.Share);
        given.Cancel();
        Assert.IsType<OpenOutcome.Cancelled>(await given.Answer.WaitAsync(Long));
        Assert.False(kept.Accepted.IsCompleted || kept.Answer.IsCompleted);

        // The place that comes free goes to the one that still waits; nothing was sent for the other.
        await peer.SendAsync(ControlFrames.Refused(held[0].Stream, RefusalCode.Busy, ""));
        var (header, _) = await peer.ReadUntilAsync(FrameType.Open);
        Assert.Equal(held[^1].Stream + 1, header.Stream);
        await peer.SendAsync(Accepted(header.Stream));
        await kept.Accepted.WaitAsync(Long);
        await edge.AssertAllBackAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Offer_that_is_given_up_is_reset_also_when_it_was_opened(bool openedFirst)
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        var peer = await edge.AttachServingAsync();
        var opening = edge.Link.BeginOpen(Raw.Request, edge.Share);
        var id = (await peer.ReadUntilAsync(FrameType.Open)).Header.Stream;
        await peer.SendAsync(Accepted(id));
        await opening.Accepted.WaitAsync(Long);
        if (openedFirst)
        {
            await peer.SendAsync(Raw.Opened(id));
            await opening.Answer.WaitAsync(Long);
        }

        opening.Cancel();
        var (header, content) = await peer.ReadUntilAsync(FrameType.Reset);
        Assert.Equal((id, (ushort)ResetCode.Cancelled), (header.Stream, (ushort)((content[0] << 8) | content[1])));
        await peer.SendAsync(Raw.Opened(id), Raw.Reset(id));
        await Eventually.IsTrue(() => edge.Link.LiveStreams == 0, "the stream is forgotten");
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Drain_refuses_new_offers_and_those_that_wait_for_a_place()
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        var peer = await edge.AttachServingAsync();
        var first = 0u;
        for (var i = 0; i < PlacesOfSocket; i++)
        {
            _ = edge.Link.BeginOpen(Raw.Request, edge.Share);
            first = Math.Max(first, (await peer.ReadUntilAsync(FrameType.Open)).Header.Stream);
        }

        var waits = edge.Link.BeginOpen(Raw.Request, edge.Share);
        await peer.SendAsync(GoAway());
        Assert.Equal(first, ControlFrames.ReadU32((await peer.ReadUntilAsync(FrameType.GoAwayAck)).Content));
        await peer.SendAsync(ControlFrames.Refused(first, RefusalCode.Draining, ""));
        Assert.Equal(RefusalCode.Draining, Assert.IsType<OpenOutcome.Refused>(await waits.Answer.WaitAsync(Long)).Code);
        var late = edge.Link.BeginOpen(Raw.Request, edge.Share);
        Assert.Equal(RefusalCode.Draining, Assert.IsType<OpenOutcome.Refused>(await late.Answer.WaitAsync(Long)).Code);
        await edge.AssertAllBackAsync();
    }

    /// <summary>Opens from many threads over two lanes while GOAWAY comes in: the acknowledged id is the highest that is ever sent.</summary>
    [Fact]
    public async Task Acknowledged_drain_names_the_highest_open_that_is_ever_sent()
    {
        for (var round = 0; round < 40; round++)
        {
            var edge = new LoneEdge(new FakeTimeProvider());
            var first = await edge.AttachServingAsync();
            var second = edge.Attach();
            var sent = new ConcurrentQueue<uint>();
            var acknowledged = new TaskCompletionSource<uint>(TaskCreationOptions.RunContinuationsAsynchronously);
            var goAwayAfter = 1 + (round % 20);
            var goneAway = 0;

            async Task PlayAsync(WirePeer peer)
            {
                try
                {
                    while (true)
                    {
                        var (header, content) = await peer.ReadAsync();
                        if (header.Type == FrameType.GoAwayAck)
                            acknowledged.SetResult(ControlFrames.ReadU32(content));
                        if (header.Type != FrameType.Open)
                            continue;
                        sent.Enqueue(header.Stream);
                        if (sent.Count >= goAwayAfter && Interlocked.Exchange(ref goneAway, 1) == 0)
                            await peer.SendAsync(GoAway());
                        await peer.SendAsync(ControlFrames.Refused(header.Stream, RefusalCode.Busy, ""));
                    }
                }
                catch (Exception e) when (e is EndOfStreamException or IOException)
                {
                    // The link is over.
                }
            }

            var playing = Task.WhenAll(PlayAsync(first), PlayAsync(second));
            await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                while (await edge.OpenAsync() is OpenOutcome.Refused { Code: RefusalCode.Busy })
                {
                }
            }))).WaitAsync(Long);
            var highest = await acknowledged.Task.WaitAsync(Long);
            await edge.AssertAllBackAsync();
            await playing.WaitAsync(Long);
            Assert.Equal(sent.Max(), highest);
        }
    }

    private static byte[] Accepted(uint id) => new ContentWriter().Frame(FrameType.Accepted, id);

    private static byte[] GoAway() => ControlFrames.GoAway(GoAwayReason.Drain, TimeSpan.FromSeconds(5), 1_000, "drain");
}
