using System.Diagnostics;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Tests.Relay.Wire;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Relay.Lanes;

[Trait("kind", Kinds.Stream)]
public sealed class PathProbeTests
{
    [Fact]
    public async Task Both_ends_know_that_streams_get_through_on_every_lane()
    {
        await using var pair = new LinkPair();
        var (oneNear, oneFar) = WireEnd.Create();
        var (twoNear, twoFar) = WireEnd.Create();
        Assert.False(pair.Edge.Path.On);
        pair.AddLane(oneNear, oneFar);
        pair.AddLane(twoNear, twoFar);
        await Eventually.IsTrue(() => pair.Edge.Path is { On: true, Age: not null } && pair.Replica.Path is { On: true, Age: not null }, "both lamps are on");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Lane_that_answers_pings_but_carries_no_streams_turns_the_lamp_off_at_both_ends(bool atReplica) => BestOf.ThreeAsync(async () =>
    {
        await using var pair = new LinkPair();
        var (near, far) = WireEnd.Create();
        var lane = pair.AddLane(near, far);
        await Eventually.IsTrue(() => pair.Edge.Path.On && pair.Replica.Path.On, "both lamps are on");

        (atReplica ? near : far).Filter = FrameFilter.Only(FrameType.Ping, FrameType.Pong);
        var since = Stopwatch.StartNew();
        await Eventually.IsTrue(() => !pair.Edge.Path.On && !pair.Replica.Path.On, "both lamps are off");

        var took = since.Elapsed;
        Assert.False(lane.Completion.IsCompleted);
        Assert.Equal(1, pair.Edge.LiveLanes);

        (atReplica ? near : far).Filter = null;
        await Eventually.IsTrue(() => pair.Edge.Path.On && pair.Replica.Path.On, "both lamps are on again");
        return took <= TimeSpan.FromSeconds(5) ? null : $"the lamps went off after {took}, not within 5 s";
    });

    [Fact]
    public async Task Lane_without_proof_is_given_up_for_one_that_is_proven_and_new_streams_avoid_it_before()
    {
        await using var pair = new LinkPair();
        var (badNear, badFar) = WireEnd.Create();
        var (goodNear, goodFar) = WireEnd.Create();
        var bad = pair.AddLane(badNear, badFar);
        pair.AddLane(goodNear, goodFar);
        await Eventually.IsTrue(() => pair.Edge.Path.On, "the lamp is on");

        badNear.Filter = FrameFilter.Only(FrameType.Ping, FrameType.Pong);
        await Eventually.IsTrue(() => !pair.Edge.Path.On, "the lamp is off");
        await pair.ServeAsync(Raw.SocketId);
        await pair.AssertEveryPlaceIsFreeAsync(Raw.SocketId);

        await bad.Completion.WaitAsync(TimeSpan.FromSeconds(120));
        Assert.Contains("streams do not get through", (await EndAsync(pair)).Reason, StringComparison.Ordinal);
        await Eventually.IsTrue(() => pair.Edge.Path.On && pair.Edge.LiveLanes == 1, "the other lane is left and proven");
    }

    [Fact]
    public async Task Answer_that_was_never_asked_for_proves_nothing()
    {
        var time = new FakeTimeProvider();
        var edge = new LoneEdge(time);
        var peer = await edge.AttachServingAsync();
        time.Advance(LaneLiveness.CheckInterval);
        await peer.ReadUntilAsync(FrameType.Echo);
        await peer.SendAsync(ControlFrames.Echo(FrameType.EchoReply, 0, new ContentWriter().U64(1000).U32(0).Frame(FrameType.EchoReply).AsSpan(FrameLimits.HeaderSize)));
        await peer.SendAsync(Raw.Ping());
        await peer.ReadUntilAsync(FrameType.Pong);
        Assert.Null(edge.Link.Path.Age);
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Lane_that_is_too_busy_with_streams_to_answer_in_time_is_kept()
    {
        var time = new FakeTimeProvider();
        var edge = new LoneEdge(time);
        var quick = await edge.AttachServingAsync();
        var busy = edge.Attach();
        var open = edge.OpenAsync();
        var (header, _) = await quick.ReadUntilAsync(FrameType.Open);
        await quick.SendAsync(Raw.Opened(header.Stream));
        var stream = Assert.IsType<OpenOutcome.Opened>(await open.WaitAsync(TimeSpan.FromSeconds(30))).Stream;
        for (var step = 0; step < 130; step++)
        {
            // Behind the streams' own bytes the answer would come in some seconds only.
            time.Advance(TimeSpan.FromMilliseconds(100));
            await quick.SendAsync(Reply(1));
            await busy.SendAsync(Raw.Data(header.Stream, step, [1]));
            await Eventually.IsTrue(() => stream.BytesReceived == step + 1 && quick.End.Unread == 0, "both lanes are heard");
            Assert.Empty(edge.LostLanes);
        }

        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Lane_is_not_given_up_for_the_time_that_this_process_slept()
    {
        var time = new SleepyTime();
        var edge = new LoneEdge(time);
        WirePeer one = edge.Attach(), two = edge.Attach();
        time.Advance(TimeSpan.FromMilliseconds(100));
        await AnswerAsync(one);
        await AnswerAsync(two);

        time.Slept = TimeSpan.FromSeconds(12);
        time.Advance(TimeSpan.FromMilliseconds(100));
        await AnswerAsync(one);
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Empty(edge.LostLanes);
        await edge.AssertAllBackAsync();

        static async Task AnswerAsync(WirePeer peer)
        {
            await peer.SendAsync(Reply(1), ControlFrames.Ticket("flush"));
            await peer.ReadUntilAsync(FrameType.TicketAck);
        }
    }

    private static byte[] Reply(long number)
        => ControlFrames.Echo(FrameType.EchoReply, 0, new ContentWriter().U64(number).U32(0).Frame(FrameType.EchoReply).AsSpan(FrameLimits.HeaderSize));

    private static async Task<LaneEnd> EndAsync(LinkPair pair)
    {
        LaneEnd? end = null;
        await Eventually.IsTrue(() => pair.LostLanes.TryPeek(out end), "a lane is lost");
        return end!;
    }
}
