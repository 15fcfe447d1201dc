using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Streams;
using Connector.Tests.Relay.Wire;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Relay.Links;

/// <summary>What goes over the wire when streams change lanes (rules 5 to 8).</summary>
[Trait("kind", Kinds.Stream)]
public sealed class ResumeTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    // What a replica says first on a lane; until then the edge cannot know that it has it.
    private static readonly byte[] Ping = Raw.Ping();

    [Fact]
    public async Task Dead_lane_is_named_before_its_streams_are_asked_for_and_data_waits_for_the_answer()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (lane, first) = replica.Attach();
        var (_, second) = replica.Attach();
        var stream = await replica.OpenAsync(first, 1);
        var stage = new HandStage(stream);
        stage.Send("abcdef"u8.ToArray());
        await first.ReadUntilAsync(FrameType.Data);
        await first.SendAsync(Raw.Data(1, 0, "xyz"u8));
        await Eventually.IsTrue(() => stream.BytesReceived == 3, "three bytes have come");

        lane.Abort("cut by the test");
        var dead = await second.ReadUntilAsync(FrameType.LaneDead);
        Assert.Equal(1u, ControlFrames.ReadU32(dead.Content));
        var (_, content) = await second.ReadUntilAsync(FrameType.Resume);
        var ask = Assert.Single(ControlFrames.ReadResume(content));
        Assert.Equal((1u, ResumeState.Open, ResumeAsk.Answer, 3L), (ask.Stream, ask.State, ask.Ask, ask.Received));
        stage.Send("ghi"u8.ToArray());

        // Of six bytes two have arrived: the rest comes again, and what came meanwhile behind it.
        await second.SendAsync(ControlFrames.Resume([new ResumeEntry(1, ResumeState.Open, ResumeAsk.None, 2, 1 << 20, null)]));
        var received = new List<byte>();
        while (received.Count < 7)
        {
            var data = await second.ReadUntilAsync(FrameType.Data);
            Assert.Equal(2 + received.Count, new ContentReader(data.Content).U64());
            received.AddRange(data.Content[8..]);
        }

        Assert.Equal("cdefghi"u8.ToArray(), received);
        Assert.Equal(1, stream.Resumes);
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Answer_that_comes_twice_sends_nothing_twice()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (lane, first) = replica.Attach();
        var (_, second) = replica.Attach();
        var stream = await replica.OpenAsync(first, 1);
        new HandStage(stream).Send("abc"u8.ToArray());
        await first.ReadUntilAsync(FrameType.Data);
        lane.Abort("cut by the test");
        var answer = ControlFrames.Resume([new ResumeEntry(1, ResumeState.Open, ResumeAsk.None, 0, 1 << 20, null)]);
        await second.SendAsync(answer, answer);
        await second.ReadUntilAsync(FrameType.Data);
        await second.SendAsync(Raw.Credit(1, 3, 1 << 20), Raw.Ping());
        while (true)
        {
            var (header, content) = await second.ReadAsync();
            Assert.NotEqual(FrameType.Data, header.Type);
            if (header.Type == FrameType.Pong && new ContentReader(content).U64() == 7)
                break;
        }

        Assert.Equal(3, replica.Link.ResentBytes);
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Streams_wait_for_a_new_lane_when_all_have_died()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (one, first) = replica.Attach();
        var stream = await replica.OpenAsync(first, 1);
        one.Abort("cut by the test");
        await one.Completion.WaitAsync(Long);
        new HandStage(stream).Send("waiting"u8.ToArray());
        Assert.Null(stream.Outcome);

        var (_, second) = replica.Attach();
        Assert.Equal(1u, ControlFrames.ReadU32((await second.ReadUntilAsync(FrameType.LaneDead)).Content));
        await second.ReadUntilAsync(FrameType.Resume);
        await second.SendAsync(ControlFrames.Resume([new ResumeEntry(1, ResumeState.Open, ResumeAsk.None, 0, 1 << 20, null)]));
        Assert.Equal("waiting"u8.ToArray(), (await second.ReadUntilAsync(FrameType.Data)).Content[8..]);
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Open_is_sent_again_until_its_arrival_is_known()
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        var first = await edge.AttachServingAsync();
        var second = edge.Attach();
        await second.SendAsync(Ping);
        await second.ReadUntilAsync(FrameType.Pong);
        var open = edge.OpenAsync();
        var (header, content) = await first.ReadUntilAsync(FrameType.Open);
        await first.End.DisposeAsync();
        var (again, sameContent) = await second.ReadUntilAsync(FrameType.Open);
        Assert.Equal(header.Stream, again.Stream);
        Assert.Equal(content, sameContent);
        await second.SendAsync(Raw.Opened(again.Stream));
        Assert.IsType<OpenOutcome.Opened>(await open.WaitAsync(Long));
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Stream_that_is_not_open_goes_back_to_its_opener_when_no_lane_is_left()
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        var peer = await edge.AttachServingAsync();
        var open = edge.OpenAsync();
        var (header, _) = await peer.ReadUntilAsync(FrameType.Open);
        await peer.End.DisposeAsync();
        Assert.IsType<OpenOutcome.LinkLost>(await open.WaitAsync(Long));

        // The replica may have dialled for it: it is told as soon as there is a lane.
        var next = edge.Attach();
        await next.SendAsync(Ping);
        Assert.Equal(header.Stream, (await next.ReadUntilAsync(FrameType.Reset)).Header.Stream);
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Lane_on_which_the_replica_has_said_nothing_is_used_for_nothing()
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        var peer = await edge.AttachServingAsync();
        var silent = edge.Attach();
        for (var i = 0; i < 3; i++)
        {
            _ = edge.OpenAsync();
            await peer.ReadUntilAsync(FrameType.Open);
        }

        Assert.Equal(2, edge.Link.LiveLanes);
        await silent.End.DisposeAsync();
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Refusal_that_was_lost_is_repeated_and_nothing_is_dialled_twice()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (_, first) = replica.Attach();
        await first.SendAsync(Raw.Open(1));
        (await replica.OfferAsync()).Refuse(RefusalCode.UpstreamRefused, "nobody listens");
        await first.ReadUntilAsync(FrameType.Refused);
        var (_, second) = replica.Attach();
        await second.SendAsync(Raw.Open(1));
        Assert.Equal(RefusalCode.UpstreamRefused, ControlFrames.ReadRefused((await second.ReadUntilAsync(FrameType.Refused)).Content).Code);
        await second.SendAsync(Raw.Open(2));
        Assert.Equal(2u, (await replica.OfferAsync()).Id);
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Last_credit_that_was_lost_is_said_again_also_when_only_its_sender_lost_the_lane()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (lane, first) = replica.Attach();
        var (_, second) = replica.Attach();
        var stream = await replica.OpenAsync(first, 1);
        var stage = new HandStage(stream);
        stage.Finish();
        await first.ReadUntilAsync(FrameType.Fin);
        await first.SendAsync(Raw.Credit(1, 1, 1 << 20), Raw.Fin(1, 0));
        await Eventually.IsTrue(() => stream.Outcome is { End: StreamEnd.Completed }, "the stream is complete here");

        lane.Abort("cut by the test");
        var entry = Assert.Single(ControlFrames.ReadResume((await second.ReadUntilAsync(FrameType.Resume)).Content));
        Assert.Equal((1u, ResumeState.Finished, ResumeAsk.None), (entry.Stream, entry.State, entry.Ask));
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Finished_stream_is_answered_as_finished()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (_, peer) = replica.Attach();
        var stream = await replica.OpenAsync(peer, 1);
        var stage = new HandStage(stream);
        stage.Finish();
        await peer.ReadUntilAsync(FrameType.Fin);
        await peer.SendAsync(Raw.Credit(1, 1, 1 << 20), Raw.Fin(1, 0));
        await Eventually.IsTrue(() => stream.Outcome is not null, "the stream is complete");
        await peer.SendAsync(ControlFrames.Resume([new ResumeEntry(1, ResumeState.Open, ResumeAsk.Answer, 0, 100, null)]));
        Assert.Equal(ResumeState.Finished, Assert.Single(ControlFrames.ReadResume((await peer.ReadUntilAsync(FrameType.Resume)).Content)).State);
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Pieces_that_found_no_room_ahead_of_a_gap_are_asked_for_once()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (_, peer) = replica.Attach();
        var stream = await replica.OpenAsync(peer, 1);
        await peer.SendAsync([.. Enumerable.Range(0, 100).Select(static i => Raw.Data(1, 10 + (i * 2), [1]))]);
        var ask = Assert.Single(ControlFrames.ReadResume((await peer.ReadUntilAsync(FrameType.Resume)).Content));
        Assert.Equal((ResumeAsk.Data, 0L), (ask.Ask, ask.Received));
        await peer.SendAsync(Raw.Ping());
        while (await peer.ReadAsync() is var (header, content) && !(header.Type == FrameType.Pong && new ContentReader(content).U64() == 7))
            Assert.NotEqual(FrameType.Resume, header.Type);
        Assert.Null(stream.Outcome);
        await replica.AssertAllBackAsync();
    }

    [Theory]
    [InlineData(ResumeState.Open, 1000, null)]
    [InlineData(ResumeState.Open, 3, 3L)]
    [InlineData(ResumeState.Finished, 0, null)]
    internal async Task Resume_that_cannot_be_true_ends_the_lane_and_its_stream_only(ResumeState state, long received, long? final)
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (lane, peer) = replica.Attach();
        var (_, sibling) = replica.Attach();
        var stream = await replica.OpenAsync(peer, 1);
        var bystander = await replica.OpenAsync(peer, 2);
        new HandStage(stream).Send("abc"u8.ToArray());
        await peer.ReadUntilAsync(FrameType.Data);
        await peer.SendAsync(ControlFrames.Resume([new ResumeEntry(1, state, ResumeAsk.Data, received, 1 << 20, final)]));
        Assert.Equal(LaneEndKind.Protocol, (await lane.Completion.WaitAsync(Long)).Kind);
        Assert.Equal(StreamEnd.Failed, stream.Outcome!.End);
        Assert.Null(bystander.Outcome);
        var ask = Assert.Single(ControlFrames.ReadResume((await sibling.ReadUntilAsync(FrameType.Resume)).Content));
        Assert.Equal(2u, ask.Stream);
        await replica.AssertAllBackAsync();
    }

    [Theory]
    [InlineData("ping")]
    [InlineData("resume")]
    [InlineData("reset")]
    [InlineData("serve")]
    internal async Task Flood_ends_its_lane_as_a_broken_protocol(string kind)
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        var peer = edge.Attach();
        var frame = kind switch
        {
            "ping" => Raw.Ping(),
            "resume" => ControlFrames.Resume([]),
            "reset" => Raw.Reset(7, ResetCode.Gone),
            _ => Raw.Unserve(1),
        };
        var flood = Enumerable.Repeat(frame, 1000).SelectMany(static bytes => bytes).ToArray();
        try
        {
            for (var i = 0; i < 2000 && edge.LostLanes.IsEmpty; i++)
                await peer.End.WriteAsync(flood, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // The lane has ended.
        }

        await Eventually.IsTrue(() => !edge.LostLanes.IsEmpty, "the lane has ended");
        Assert.Equal(LaneEndKind.Protocol, Assert.Single(edge.LostLanes).Kind);
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Link_without_a_lane_for_too_long_resets_its_streams()
    {
        var time = new HesitantTime();
        var edge = new LoneEdge(time);
        var peer = await edge.AttachServingAsync();
        var open = edge.OpenAsync();
        var (header, _) = await peer.ReadUntilAsync(FrameType.Open);
        await peer.SendAsync(Raw.Opened(header.Stream));
        var stream = Assert.IsType<OpenOutcome.Opened>(await open.WaitAsync(Long)).Stream;
        await peer.End.DisposeAsync();
        await Eventually.IsTrue(() => edge.Link.LiveLanes == 0 && time.IsSet, "the link has no lane, and its time runs");
        time.Inner.Advance(EdgeLink.DefaultDetachedLimit - TimeSpan.FromSeconds(1));
        Assert.Null(stream.Outcome);
        time.Inner.Advance(TimeSpan.FromSeconds(2));
        await edge.Over.Task.WaitAsync(Long);
        Assert.Equal(StreamEnd.LinkLost, stream.Outcome!.End);
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Replica_that_slept_refuses_what_was_offered_meanwhile_as_stale()
    {
        var time = new SleepyTime();
        var replica = new LoneReplica(time);
        var (_, peer) = replica.Attach();
        await peer.SendAsync(Raw.Open(1));
        (await replica.OfferAsync()).Refuse(RefusalCode.NoSocket, "fresh");
        await peer.ReadUntilAsync(FrameType.Refused);

        time.Slept = TimeSpan.FromSeconds(1);
        await peer.SendAsync(Raw.Open(2));
        Assert.Equal(RefusalCode.Stale, ControlFrames.ReadRefused((await peer.ReadUntilAsync(FrameType.Refused)).Content).Code);
        await replica.AssertAllBackAsync();
    }
}
