using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Streams;
using Connector.Tests.Relay.Wire;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Relay.Properties;

/// <summary>Frames of the right shape with any ids, offsets and limits: the lane goes on or ends as a broken protocol, and its sibling lives.</summary>
[Trait("kind", Kinds.Stream)]
public sealed class LinkFuzzTests
{
    private const uint HonestStream = 1000;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private static readonly RelayMemoryOptions Pool = new(1 << 20, 64, Poison: true);

    private static readonly Gen<uint> Ids = Gen.Frequency((12, Gen.UInt[1, 6]), (1, Gen.Const(0u)), (1, Gen.UInt[2000, uint.MaxValue]));

    private static readonly Gen<long> Numbers = Gen.Frequency(
        (6, Gen.Long[0, 40]), (3, Gen.Long[0, 20_000]), (1, Gen.Long[0, 1L << 62]), (1, Gen.Const(1L << 62)));

    private static readonly Gen<SocketId> Sockets = Gen.Int[0, 3].Select(static i => new SocketId(i == 0 ? Raw.SocketId.Value : i == 1 ? "" : $"other-{i}"));

    // What either end may be sent. Lane 2 is the sibling: to call it dead is the peer's right, so only others are named.
    private static readonly Gen<byte[]> Common = Gen.Frequency(
        (24, Gen.Select(Ids, Gen.Long[0, 30], Gen.Int[0, 20], static (id, offset, length) => Raw.Data(id, offset, new byte[length]))),
        (6, Gen.Select(Ids, Gen.Long[0, 2000], Gen.Int[0, 3000], static (id, offset, length) => Raw.Data(id, offset, new byte[length]))),
        (1, Gen.Select(Ids, Numbers, Gen.Int[0, 3000], static (id, offset, length) => Raw.Data(id, offset, new byte[length]))),
        (8, Gen.Select(Ids, Gen.Const(0L), Numbers, Raw.Credit)),
        (2, Gen.Select(Ids, Gen.Long[0, 10], Numbers, Raw.Credit)),
        (1, Gen.Select(Ids, Numbers, Numbers, Raw.Credit)),
        (1, Gen.Select(Ids, Gen.Long[40, 60], Raw.Fin)),
        (1, Gen.Select(Ids, Numbers, Raw.Fin)),
        (2, Gen.Select(Ids, Gen.Int[0, 9], static (id, code) => Raw.Reset(id, (ResetCode)code))),
        (1, Gen.Int[3, 5].Select(ControlFrames.LaneDead)),
        (3, Gen.Select(Ids, Gen.Int[1, 3], Gen.Int[0, 3], Numbers, Numbers, Gen.Bool, static (id, state, ask, received, limit, final)
            => ControlFrames.Resume([new ResumeEntry(id, (ResumeState)state, (ResumeAsk)(ask << 6), received, limit, final ? received : null)]))),
        (1, Numbers.Select(static number => Raw.Ping(number))),
        (1, Numbers.Select(static number => new ContentWriter().U64(number).Frame(FrameType.Pong))));

    private static readonly Gen<byte[]> ToReplica = Gen.Frequency(
        (24, Common),
        (6, Gen.Select(Ids, Numbers, static (id, limit) => Raw.Open(id, limit))),
        (1, Gen.Select(Sockets, Gen.Int[0, 9], static (id, code) => ControlFrames.ServeAck(id, (ServeCode)code))),
        (1, Gen.Bool.Select(static good => ControlFrames.TicketAck(good ? null : "no"))),
        (1, Gen.UInt.Select(ControlFrames.GoAwayAck)),
        (1, Gen.Select(Gen.Int[0, 9], Numbers, static (reason, sequence) => ControlFrames.GoAway((GoAwayReason)reason, TimeSpan.FromDays(1), sequence, "bye"))),
        (1, Ids.Select(static id => ControlFrames.Echo(FrameType.Echo, id, "probe"u8))));

    private static readonly Gen<byte[]> ToEdge = Gen.Frequency(
        (24, Common),
        (4, Gen.Select(Ids, Numbers, Raw.Opened)),
        (2, Ids.Select(static id => new ContentWriter().Frame(FrameType.Accepted, id))),
        (2, Gen.Select(Ids, Gen.Int[0, 12], static (id, code) => ControlFrames.Refused(id, (RefusalCode)code, "no"))),
        (1, Gen.Select(Numbers, Sockets, static (sequence, id) => Raw.Serve(sequence, id))),
        (1, Gen.Select(Numbers, Sockets, static (sequence, id) => Raw.Unserve(sequence, id))),
        (1, Gen.Const(ControlFrames.Ticket("ticket"))),
        (1, Ids.Select(static id => ControlFrames.Echo(FrameType.EchoReply, id, "probe"u8))));

    [Fact]
    public Task Replica_survives_any_frames_of_its_edge()
        => ToReplica.Array[1, 150].SampleAsync(
            async frames =>
            {
                var replica = new LoneReplica(new FakeTimeProvider(), Pool);
                var (lane, peer) = replica.Attach();
                var (sibling, siblingPeer) = replica.Attach();
                var honest = await replica.OpenAsync(siblingPeer, HonestStream);
                var pending = new System.Collections.Concurrent.ConcurrentQueue<OfferedStream>();
                replica.OnOffered = offer =>
                {
                    // Some are opened, some refused, some answered later.
                    if (offer.Id % 3 == 0)
                        pending.Enqueue(offer);
                    else if (offer.Id % 5 == 4)
                        offer.Refuse(RefusalCode.UpstreamRefused, "refused by the test");
                    else if (offer.Open(replica.Share) is { } stream)
                        Talk(stream);
                };
                await ThrowAsync(lane, peer, replica.Memory, frames);
                foreach (var offer in pending)
                    offer.Refuse(RefusalCode.UpstreamTimeout, "late");
                await AssertLivesAsync(sibling, siblingPeer);
                Assert.Null(honest.Outcome);
                await replica.AssertAllBackAsync();
            },
            iter: 300,
            threads: 1);

    [Fact]
    public Task Edge_survives_any_frames_of_its_replica()
        => ToEdge.Array[1, 150].SampleAsync(
            async frames =>
            {
                var edge = new LoneEdge(new FakeTimeProvider(), Pool);
                var peer = edge.Attach();
                await peer.SendAsync(Raw.Serve(1));
                await peer.ReadUntilAsync(FrameType.ServeAck);
                var opens = Enumerable.Range(0, 5).Select(_ => edge.OpenAsync()).ToArray();
                foreach (var open in opens)
                    _ = open.ContinueWith(static done => { if (done.Result is OpenOutcome.Opened opened) Talk(opened.Stream); }, TaskScheduler.Default);
                var sibling = edge.Attach();
                for (uint id = 1; id <= 5; id += 2)
                    await peer.SendAsync(Raw.Opened(id));
                await ThrowAsync(null, peer, edge.Memory, frames);
                await sibling.SendAsync(Raw.Ping());
                await sibling.ReadUntilAsync(FrameType.Pong);
                foreach (var end in edge.LostLanes)
                    AssertOrderly(end);
                Assert.True(edge.Link.LiveLanes >= 1);
                await edge.AssertAllBackAsync();
                foreach (var open in opens)
                    await open.WaitAsync(Long);
            },
            iter: 300,
            threads: 1);

    private static void Talk(RelayStream stream)
    {
        var stage = new HandStage(stream);
        stage.Send(new byte[10], new byte[2000]);
        if (stream.Id % 2 == 1)
            stage.Finish();
    }

    private static async Task ThrowAsync(Lane? lane, WirePeer peer, RelayMemory memory, byte[][] frames)
    {
        try
        {
            foreach (var chunk in frames.Chunk(7))
                await peer.SendAsync(chunk);
            await peer.SendAsync(Raw.Ping(424242));

            // Either the lane lives and answers, or it says why not and ends.
            while (true)
            {
                var (header, content) = await peer.ReadAsync();
                if (header.Type == FrameType.GoAway || (header.Type == FrameType.Pong && new ContentReader(content).U64() == 424242))
                    break;
            }
        }
        catch (Exception ended) when (ended is IOException)
        {
            // Ended while we were still throwing.
        }

        Assert.InRange(memory.UsedBytes, 0, 1 << 20);
        if (lane is { Completion.IsCompleted: true })
            AssertOrderly(await lane.Completion);
    }

    private static void AssertOrderly(LaneEnd end) => Assert.True(
        (end.Kind == LaneEndKind.Protocol || end.Reason.StartsWith("the other end", StringComparison.Ordinal)) && !end.Reason.Contains("internal"), end.ToString());

    private static async Task AssertLivesAsync(Lane lane, WirePeer peer)
    {
        await peer.SendAsync(Raw.Ping());
        await peer.ReadUntilAsync(FrameType.Pong);
        Assert.False(lane.Completion.IsCompleted);
    }
}
