using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Streams;
using Connector.Tests.Relay.Wire;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Relay.Links;

/// <summary>Streams, places and lanes end at every turn that a peer may take.</summary>
[Trait("kind", Kinds.Stream)]
public sealed class StreamEndTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Reset_as_the_answer_to_open_gives_the_place_back()
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        var peer = await edge.AttachServingAsync();
        for (var i = 0; i < 2 * ReplicaLink.MaxPendingDials; i++)
        {
            var open = edge.OpenAsync();
            var (header, _) = await peer.ReadUntilAsync(FrameType.Open);
            await peer.SendAsync(Raw.Reset(header.Stream));
            Assert.IsType<OpenOutcome.LinkLost>(await open.WaitAsync(Long));
        }

        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Resets_that_cross_end_the_stream_at_both_ends()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (near, far) = WireEnd.Create();
        var peer = new WirePeer(far);
        replica.Attach(near);
        var stream = await replica.OpenAsync(peer, 1);

        // The writer is busy with something else while both resets are on their way.
        near.Hold();
        await peer.SendAsync(ControlFrames.Echo(FrameType.Echo, 0, "probe"u8));
        await Task.Run(() => stream.Reset(ResetCode.Policy), TestContext.Current.CancellationToken);
        await peer.SendAsync(Raw.Reset(1));
        await peer.SendAsync(Raw.Open(2));
        await replica.OfferAsync();
        near.Release();

        // The peer waits for a RESET as the answer to its own.
        Assert.Equal(1u, (await peer.ReadUntilAsync(FrameType.Reset)).Header.Stream);
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Open_behind_the_end_of_its_lane_leaves_no_stream()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (lane, peer) = replica.Attach();
        replica.OnServeAnswered = () => lane.Abort("cut by the test");
        await peer.SendAsync(ControlFrames.ServeAck(Raw.SocketId, ServeCode.Accepted), Raw.Open(1));
        await lane.Completion.WaitAsync(Long);
        await Eventually.IsTrue(() => replica.Link.LiveStreams == 0, "no stream is left on the dead lane");
        var (_, second) = replica.Attach();
        await replica.OpenAsync(second, 2);
        Assert.Equal(1, replica.Link.LiveStreams);
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Fin_that_contradicts_a_piece_held_ahead_loses_no_buffer()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (lane, peer) = replica.Attach();
        await replica.OpenAsync(peer, 1);
        await peer.SendAsync(Raw.Data(1, 10, new byte[10]), Raw.Fin(1, 15), Raw.Data(1, 0, new byte[10]));
        Assert.Equal(LaneEndKind.Protocol, (await lane.Completion.WaitAsync(Long)).Kind);
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Link_that_ends_does_not_wait_for_a_busy_stream()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (near, far) = WireEnd.Create();
        var lane = replica.Attach(near);
        var peer = new WirePeer(far);
        var stream = await replica.OpenAsync(peer, 1, 1L << 40);

        // The network is slower than the local connection, as networks are: something waits to be sent always.
        near.BeforeWrite = async () =>
        {
            while (stream.Outcome is null && stream.WantsMore())
                await Task.Yield();
        };
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        var reading = Task.Run(async () =>
        {
            // A greedy peer: consumes at once, and never lets go.
            long received = 0;
            while (true)
            {
                var (header, content) = await peer.ReadAsync();
                if (header.Type == FrameType.GoAway)
                    return;
                if (header.Type != FrameType.Data)
                    continue;
                try
                {
                    await peer.SendAsync(Raw.Credit(1, received += content.Length - 8, 1L << 40));
                }
                catch (IOException)
                {
                    // The link is over already; its last frame is still to be read.
                }
            }
        });
        var writing = Task.Run(() =>
        {
            while (stream.Outcome is null && !stop.IsCancellationRequested)
            {
                if (stream.WantsMore() && stream.RentForSend(static () => { }) is { } buffer)
                {
                    buffer.Length = buffer.Capacity;
                    stream.Send(buffer);
                }
            }
        });
        await Eventually.IsTrue(() => stream.BytesSent > 4 << 20, "the stream is busy");
        await replica.Link.DisposeAsync().AsTask().WaitAsync(Long);
        Assert.Equal(LaneEndKind.Local, (await lane.Completion.WaitAsync(Long)).Kind);
        Assert.Equal(StreamEnd.LinkLost, stream.Outcome!.End);
        await writing.WaitAsync(Long);
        await reading.WaitAsync(Long);
        Assert.False(stop.IsCancellationRequested);
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Peer_that_does_not_read_cannot_keep_an_ended_link_alive()
    {
        var time = new FakeTimeProvider();
        var edge = new LoneEdge(time);
        var (near, far) = WireEnd.Create();
        near.Hold();
        var peer = new WirePeer(far);
        edge.Attach(near);
        edge.Link.End(GoAwayReason.Revoked, "revoked by the test");
        for (var step = 0; step < 50 && !edge.Over.Task.IsCompleted; step++)
        {
            // It goes on talking, so silence is not what ends it.
            await peer.SendAsync(Raw.Ping());
            await Eventually.IsTrue(() => far.Unread == 0, "the ping is read");
            time.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.Equal("revoked by the test", await edge.Over.Task.WaitAsync(Long));
        Assert.Equal("revoked by the test", Assert.Single(edge.LostLanes).Reason);
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Open_that_waits_for_a_place_does_not_outlive_the_withdrawal_of_its_socket()
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        var peer = await edge.AttachServingAsync();
        var opens = Enumerable.Range(0, 40).Select(_ => edge.OpenAsync()).ToArray();
        edge.Link.Withdraw(Raw.SocketId, ResetCode.Policy);
        var seen = 0;
        while (opens.Any(open => !open.IsCompleted))
        {
            // Each reset that is answered frees the place that the next one waits for.
            var read = peer.ReadAsync();
            if (await Task.WhenAny(read, Task.WhenAll(opens)) != read)
                break;
            var (header, _) = await read;
            if (header.Type == FrameType.Open)
                seen++;
            if (header.Type == FrameType.Reset)
                await peer.SendAsync(Raw.Reset(header.Stream));
        }

        foreach (var open in opens)
            Assert.IsNotType<OpenOutcome.Opened>(await open.WaitAsync(Long));
        Assert.True(seen <= 24, $"{seen} streams were opened, though only 24 had a place when the socket was withdrawn");
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Unserve_wins_over_an_older_serve_that_is_still_being_judged()
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        using var judging = new SemaphoreSlim(0);
        using var go = new SemaphoreSlim(0);
        WirePeer first = edge.Attach(), second = edge.Attach();
        edge.OnServeOffered = () =>
        {
            judging.Release();
            go.Wait(Long);
        };
        await first.SendAsync(Raw.Serve(1));
        Assert.True(await judging.WaitAsync(Long));
        await second.SendAsync(Raw.Unserve(2), ControlFrames.Ticket("flush"));
        await second.ReadUntilAsync(FrameType.TicketAck);
        go.Release();
        await first.SendAsync(ControlFrames.Ticket("flush"));
        await first.ReadUntilAsync(FrameType.TicketAck);
        Assert.False(edge.Link.Serves(Raw.SocketId));
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Opens_whose_answers_are_not_read_are_bounded()
    {
        // By the real clock: what is not read is cut off in time.
        var replica = new LoneReplica(TimeProvider.System) { OnOffered = static offer => offer.Refuse(RefusalCode.NoSocket, "none") };
        var (near, far) = WireEnd.Create();
        near.Hold();
        var peer = new WirePeer(far);
        var lane = replica.Attach(near);
        try
        {
            for (uint id = 1; id <= 100_000 && !lane.Completion.IsCompleted; id += 1000)
                await peer.SendAsync([.. Enumerable.Range((int)id, 1000).Select(static id => Raw.Open((uint)id))]);
        }
        catch (IOException)
        {
            // The connection is closed before the lane has ended.
        }

        Assert.Equal(LaneEndKind.Protocol, (await lane.Completion.WaitAsync(Long)).Kind);
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Resets_that_are_never_answered_are_bounded()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (lane, peer) = replica.Attach();
        replica.OnOffered = offer => offer.Open(replica.Share)?.Reset(ResetCode.Policy);
        uint id = 0;
        for (var i = 0; i < 9; i++)
        {
            await peer.SendAsync([.. Enumerable.Range(0, 1000).Select(_ => Raw.Open(++id))]);
            while ((await peer.ReadUntilAsync(FrameType.Reset)).Header.Stream != id)
            {
            }
        }

        Assert.InRange(replica.Link.LiveStreams, 1, 4096);
        Assert.False(lane.Completion.IsCompleted);
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Drain_and_unserve_are_said_again_when_their_lane_is_lost()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (near, far) = WireEnd.Create();
        var lost = replica.Attach(near);
        var (_, peer) = replica.Attach();
        replica.Link.Serve(Raw.SocketId, 1, UpstreamLamp.On);
        near.Hold();
        replica.Link.Unserve(Raw.SocketId);
        replica.Link.Drain(TimeSpan.FromSeconds(5));
        lost.Abort("cut by the test");
        await peer.ReadUntilAsync(FrameType.Unserve);
        await peer.ReadUntilAsync(FrameType.GoAway);
        await far.DisposeAsync();
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Owner_that_throws_does_not_keep_a_lane_from_ending()
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        var peer = await edge.AttachServingAsync();
        var open = edge.OpenAsync();
        edge.OnServeOffered = static () => throw new NotSupportedException("thrown by the test");
        await peer.SendAsync(Raw.Serve(2));
        Assert.IsType<OpenOutcome.LinkLost>(await open.WaitAsync(Long));
        await Eventually.IsTrue(() => !edge.LostLanes.IsEmpty, "the owner hears of the lane");
        Assert.Contains("thrown by the test", Assert.Single(edge.LostLanes).Reason);
        await edge.AssertAllBackAsync();
    }
}
