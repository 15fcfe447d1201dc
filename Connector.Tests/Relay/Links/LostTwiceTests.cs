using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Streams;
using Connector.Tests.Relay.Wire;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Relay.Links;

/// <summary>One loss follows another before what the first one made due has been said: nobody may wait for ever for what was lost between.</summary>
[Trait("kind", Kinds.Stream)]
public sealed class LostTwiceTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Last_word_is_said_once_more_when_the_lane_that_repeated_it_dies_too()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (one, first) = replica.Attach();
        var (two, second) = replica.Attach();
        await CompleteAsync(replica, first, 1);
        one.Abort("cut by the test");
        await second.ReadUntilAsync(FrameType.Resume);
        two.Abort("cut by the test");

        var (_, third) = replica.Attach();
        Assert.Contains(await EntriesAsync(replica, third, 2), static entry => entry is { Stream: 1, State: ResumeState.Finished });
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Last_word_is_said_again_when_the_process_slept_since()
    {
        var time = new SleepyTime();
        var replica = new LoneReplica(time);
        var (one, first) = replica.Attach();
        var (_, second) = replica.Attach();
        await CompleteAsync(replica, first, 1);
        time.Slept = TimeSpan.FromSeconds(20);
        one.Abort("cut by the test");

        // Until offers are not taken for stale any more.
        for (var i = 0; i < 3; i++)
            time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Contains(await EntriesAsync(replica, second, 2), static entry => entry is { Stream: 1, State: ResumeState.Finished });
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Last_credit_that_is_due_again_is_not_forgotten_when_the_stream_completes_before_it_is_said()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (one, first) = replica.Attach();
        var (near, far) = WireEnd.Create();
        var second = new WirePeer(far);
        replica.Attach(near);
        var stream = await replica.OpenAsync(first, 1);
        var stage = new HandStage(stream);
        stage.Finish();
        await first.ReadUntilAsync(FrameType.Fin);
        await first.SendAsync(Raw.Data(1, 0, "abc"u8), Raw.Fin(1, 3));
        while (ConsumedOf(await first.ReadUntilAsync(FrameType.Credit)) < 4)
        {
        }

        // The second lane's writer is busy, as on a slow network, while the first one dies with the credit.
        var release = await BlockWriterAsync(near, second);
        one.Abort("cut by the test");
        await one.Completion.WaitAsync(Long);

        // The other end sends on a lane of its own choice, and that one lives: it will not ask.
        await second.SendAsync(Raw.Credit(1, 1, 1 << 20), Raw.Open(2));
        var last = await replica.OfferAsync();
        last.Refuse(RefusalCode.NoSocket, "no more");
        release.SetResult();
        var said = false;
        while (await second.ReadAsync() is var (header, content) && header.Type != FrameType.Refused)
        {
            said |= header.Type == FrameType.Credit && header.Stream == 1 && ConsumedOf((header, content)) == 4;
            said |= header.Type == FrameType.Resume && ControlFrames.ReadResume(content).Any(static entry => entry is { Stream: 1, State: ResumeState.Finished });
        }

        Assert.True(said, "the other end waits for the last credit");
        await Eventually.IsTrue(() => stream.Outcome is { End: StreamEnd.Completed }, "the stream is complete");
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Wish_for_dropped_pieces_is_said_again_when_its_lane_dies()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (one, first) = replica.Attach();
        var (_, second) = replica.Attach();
        await replica.OpenAsync(first, 1);
        await first.SendAsync([.. Enumerable.Range(0, 100).Select(static i => Raw.Data(1, 10 + (i * 2), [1]))]);
        await first.ReadUntilAsync(FrameType.Resume);
        one.Abort("cut by the test");
        Assert.Contains(await EntriesAsync(replica, second, 2), static entry => entry.Stream == 1 && (entry.Ask & ResumeAsk.Data) != 0);
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Link_whose_new_lane_dies_while_it_is_attached_still_ends_in_time()
    {
        var time = new HesitantTime();
        var edge = new LoneEdge(time);
        var peer = edge.Attach();
        await peer.End.DisposeAsync();
        await Eventually.IsTrue(() => edge.Link.LiveLanes == 0 && time.IsSet, "the link has no lane, and its time runs");

        // The death of the first lane is said on the second at once, which finds out that this one is broken already.
        time.HesitateOnce();
        var (near, far) = WireEnd.Create();
        await far.DisposeAsync();
        edge.Attach(near);
        Assert.Equal(0, edge.Link.LiveLanes);
        time.Inner.Advance(EdgeLink.DefaultDetachedLimit + TimeSpan.FromSeconds(1));
        await edge.Over.Task.WaitAsync(Long);
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Each_living_lane_hears_of_each_dead_one_once_and_a_new_lane_of_all()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (_, witness) = replica.Attach();
        for (var i = 0; i < 7; i++)
        {
            var (lane, _) = replica.Attach();
            lane.Abort("cut by the test");
            await lane.Completion.WaitAsync(Long);
        }

        var (_, late) = replica.Attach();
        Assert.Equal([2, 3, 4, 5, 6, 7, 8], (await FramesAsync(replica, witness, 1)).Where(IsLaneDead).Select(static frame => (int)ControlFrames.ReadU32(frame.Content)));
        Assert.Equal([2, 3, 4, 5, 6, 7, 8], (await FramesAsync(replica, late, 2)).Where(IsLaneDead).Select(static frame => (int)ControlFrames.ReadU32(frame.Content)));
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Table_of_ten_thousand_sockets_can_be_due_twice_on_one_lane()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        for (var i = 0; i < 10_000; i++)
            replica.Link.Serve(new SocketId($"socket-{i}"), 1, UpstreamLamp.On);
        var (one, _) = replica.Attach();
        var (near, far) = WireEnd.Create();
        var second = new WirePeer(far);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        near.BeforeWrite = () => release.Task;
        replica.Attach(near);
        one.Abort("cut by the test");
        await one.Completion.WaitAsync(Long);
        release.SetResult();
        var said = new HashSet<SocketId>();
        while (said.Count < 10_000)
            said.Add(ControlFrames.ReadServe((await second.ReadUntilAsync(FrameType.Serve)).Content).SocketId);
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Reset_does_not_overtake_the_open_that_waits_to_be_written()
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        var (near, far) = WireEnd.Create();
        var peer = new WirePeer(far);
        edge.Attach(near);
        await peer.SendAsync(Raw.Serve(1));
        await peer.ReadUntilAsync(FrameType.ServeAck);
        var release = await BlockWriterAsync(near, peer);
        for (var i = 0; i < 5; i++)
            await peer.SendAsync(ControlFrames.Resume([.. Enumerable.Range(1000, ControlFrames.MaxResumeEntries).Select(static id => new ResumeEntry((uint)id, ResumeState.Open, ResumeAsk.Answer, 0, 0, null))]));
        var judged = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        edge.OnServeOffered = judged.SetResult;
        await peer.SendAsync(Raw.Serve(2));
        await judged.Task.WaitAsync(Long);
        using var cancel = new CancellationTokenSource();
        var open = edge.OpenAsync(cancel.Token);
        await cancel.CancelAsync();
        Assert.IsType<OpenOutcome.Cancelled>(await open.WaitAsync(Long));
        release.SetResult();
        while (await peer.ReadAsync() is var (header, _) && header.Type != FrameType.Open)
            Assert.False(header is { Type: FrameType.Reset, Stream: 1 }, "a RESET came before its OPEN: the replica would dial for nobody");
        Assert.Equal(1u, (await peer.ReadUntilAsync(FrameType.Reset)).Header.Stream);
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Replica_that_opens_a_stream_after_its_end_is_told_that_it_is_gone()
    {
        var edge = new LoneEdge(new FakeTimeProvider());
        var peer = await edge.AttachServingAsync();
        var open = edge.OpenAsync();
        var (header, _) = await peer.ReadUntilAsync(FrameType.Open);
        await peer.SendAsync(Raw.Reset(header.Stream));
        Assert.IsType<OpenOutcome.LinkLost>(await open.WaitAsync(Long));
        await peer.ReadUntilAsync(FrameType.Reset);
        await peer.SendAsync(Raw.Opened(header.Stream), ControlFrames.Ticket("flush"));
        var told = false;
        while (await peer.ReadAsync() is var (next, content) && next.Type != FrameType.TicketAck)
            told |= next.Type == FrameType.Reset && next.Stream == header.Stream && new ContentReader(content).U16() == (ushort)ResetCode.Gone;
        Assert.True(told, "otherwise it would keep its connection for ever");
        await edge.AssertAllBackAsync();
    }

    [Fact]
    public async Task Question_about_many_unknown_streams_is_answered_for_each()
    {
        const int many = 20_000;
        var replica = new LoneReplica(new FakeTimeProvider());
        var (near, far) = WireEnd.Create();
        var peer = new WirePeer(far);
        replica.Attach(near);
        var release = await BlockWriterAsync(near, peer);
        foreach (var part in Enumerable.Range(1, many).Chunk(ControlFrames.MaxResumeEntries))
            await peer.SendAsync(ControlFrames.Resume([.. part.Select(static id => new ResumeEntry((uint)id, ResumeState.Open, ResumeAsk.Answer, 0, 0, null))]));
        await peer.SendAsync(Raw.Open(many + 1));
        (await replica.OfferAsync()).Refuse(RefusalCode.NoSocket, "no more");
        release.SetResult();
        for (var gone = 0; gone < many; gone++)
            await peer.ReadUntilAsync(FrameType.Reset);
        await replica.AssertAllBackAsync();
    }

    [Fact]
    public async Task Stream_that_has_ended_is_not_counted_on_the_lane_to_which_it_would_move()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (_, first) = replica.Attach();
        var (two, _) = replica.Attach();
        var stream = await CompleteAsync(replica, first, 1);
        stream.MoveTo(two);
        Assert.Equal(0, two.Streams);
        await replica.AssertAllBackAsync();
    }

    private static bool IsLaneDead((FrameHeader Header, byte[] Content) frame) => frame.Header.Type == FrameType.LaneDead;

    private static long ConsumedOf((FrameHeader Header, byte[] Content) credit) => new ContentReader(credit.Content).U64();

    /// <summary>The lane's writer waits within a write from here until released.</summary>
    private static async Task<TaskCompletionSource> BlockWriterAsync(WireEnd near, WirePeer peer)
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        near.BeforeWrite = () =>
        {
            writing.TrySetResult();
            return release.Task;
        };
        await peer.SendAsync(Raw.Ping());
        await writing.Task.WaitAsync(Long);
        return release;
    }

    private static async Task<RelayStream> CompleteAsync(LoneReplica replica, WirePeer peer, uint id)
    {
        var stream = await replica.OpenAsync(peer, id);
        new HandStage(stream).Finish();
        await peer.ReadUntilAsync(FrameType.Fin);
        await peer.SendAsync(Raw.Credit(id, 1, 1 << 20), Raw.Fin(id, 0));
        await Eventually.IsTrue(() => stream.Outcome is { End: StreamEnd.Completed }, "the stream is complete");
        return stream;
    }

    private static async Task<List<ResumeEntry>> EntriesAsync(LoneReplica replica, WirePeer peer, uint unusedId)
        => [.. (await FramesAsync(replica, peer, unusedId)).Where(static frame => frame.Header.Type == FrameType.Resume).SelectMany(static frame => ControlFrames.ReadResume(frame.Content))];

    /// <summary>All that was due before now: an offer that is refused comes behind it.</summary>
    private static async Task<List<(FrameHeader Header, byte[] Content)>> FramesAsync(LoneReplica replica, WirePeer peer, uint unusedId)
    {
        await peer.SendAsync(Raw.Open(unusedId));
        (await replica.OfferAsync()).Refuse(RefusalCode.NoSocket, "no more");
        var frames = new List<(FrameHeader Header, byte[] Content)>();
        while (await peer.ReadAsync() is var frame && frame.Header.Type != FrameType.Refused)
            frames.Add(frame);
        return frames;
    }
}
