using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Streams;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Limits;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Stages;
using Connector.Relay.Streams;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Relay.Limits;

/// <summary>Streams over a real link whose socket has a rate, in virtual time.</summary>
[Trait("kind", Kinds.Stream)]
public sealed class LimitedStreamTests : IAsyncLifetime
{
    private static readonly SocketId Id = new("7b6cf7bb-3d6c-4c0f-8f3f-3d7a4a52f002");
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);
    private readonly ActorSystem system = ActorSystem.Create("limited");
    private readonly FakeTimeProvider time = new();
    private readonly LinkPair pair = new();
    private ActorMaterializer materializer = null!;
    private SocketMemory edgeShare = null!;
    private SocketMemory replicaShare = null!;

    public async ValueTask InitializeAsync()
    {
        materializer = system.Materializer();
        edgeShare = pair.EdgeMemory.ForSocket(Id);
        replicaShare = pair.ReplicaMemory.ForSocket(Id);
        await pair.AddLaneAsync();
        await pair.ServeAsync(Id);
    }

    public async ValueTask DisposeAsync()
    {
        await pair.DisposeAsync();
        await system.Terminate().WaitAsync(Long);
        await Eventually.IsTrue(() => pair.IsAllBack, "all buffers and places are back");
    }

    [Fact]
    public async Task Rate_is_kept_both_ways_together_and_no_byte_is_lost()
    {
        const int perSecond = 1_000_000;
        using var rate = new ByteRate(time);
        rate.Change(perSecond);
        var first = await OpenAsync(rate);
        var second = await OpenAsync(rate);
        byte[][] data = [.. Enumerable.Range(0, 4).Select(n => RandomNumberGenerator.GetBytes(150_000 + (n * 10_001)))];
        var work = Task.WhenAll(
            TransferAsync(first.Client, first.Server, data[0], 1),
            TransferAsync(first.Server, first.Client, data[1], 2),
            TransferAsync(second.Client, second.Server, data[2], 3),
            TransferAsync(second.Server, second.Client, data[3], 4));

        var elapsed = await AdvanceUntilAsync(work, rate, passed =>
        {
            var moved = first.Limited.BytesAtUpstream + second.Limited.BytesAtUpstream;
            Assert.True(moved <= (passed.TotalSeconds * perSecond) + (perSecond / 10), $"{moved} bytes in {passed.TotalSeconds} s");
        });

        var got = await work;
        for (var n = 0; n < data.Length; n++)
            Assert.True(data[n].AsSpan().SequenceEqual(got[n]), $"transfer {n}: the bytes differ");
        Assert.Equal(StreamEnd.Completed, (await first.Replica.WaitAsync(Long)).End);
        Assert.Equal(data.Sum(part => part.Length), first.Limited.BytesAtUpstream + second.Limited.BytesAtUpstream);

        // 660,006 bytes less the first tenth of a second's worth.
        Assert.InRange(elapsed.TotalSeconds, 0.55, 1.0);
    }

    [Fact]
    public async Task Another_sockets_stream_is_not_held_up()
    {
        using var slow = new ByteRate(time);
        using var free = new ByteRate(time);
        slow.Change(100);
        var held = await OpenAsync(slow);
        var other = await OpenAsync(free);
        var stuck = TransferAsync(held.Client, held.Server, new byte[100_000], 1);
        await Eventually.IsTrue(() => slow.Waiting == 1, "the slow stream waits for its turn");
        var data = RandomNumberGenerator.GetBytes(5_000_000);

        var both = await Task.WhenAll(TransferAsync(other.Client, other.Server, data, 2), TransferAsync(other.Server, other.Client, data, 3)).WaitAsync(Long);

        Assert.All(both, got => Assert.True(data.AsSpan().SequenceEqual(got)));
        Assert.False(stuck.IsCompleted);

        // In place: without the limit it goes on at once.
        slow.Change(0);
        Assert.Equal(100_000, (await stuck.WaitAsync(Long)).Length);
    }

    [Fact]
    public async Task Waiting_for_a_turn_holds_the_sender_back()
    {
        using var rate = new ByteRate(time);
        rate.Change(1000);
        var stream = await OpenAsync(rate);
        var sending = TransferAsync(stream.Client, stream.Server, new byte[30_000_000], 1);
        var answering = TransferAsync(stream.Server, stream.Client, new byte[30_000_000], 2);

        await Eventually.IsTrue(() => rate.Waiting == 1 && edgeShare.OutstandingBuffers > 0, "a direction waits, and the edge holds what cannot get on");
        long moved;
        do
        {
            moved = stream.Limited.BytesAtUpstream;
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
        while (moved == 0 || moved != stream.Limited.BytesAtUpstream);

        // Not more than a tenth of a second's worth: no time has passed.
        Assert.InRange(stream.Limited.BytesAtUpstream, 1, 100);
        Assert.InRange(pair.EdgeMemory.UsedBytes + pair.ReplicaMemory.UsedBytes, 1, 8 << 20);
        Assert.False(sending.IsCompleted || answering.IsCompleted);
        stream.Client.Dispose();
        rate.Change(0);
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => Task.WhenAll(sending, answering).WaitAsync(Long));
        Assert.True(failure is SocketException or ObjectDisposedException, failure.ToString());
    }

    [Fact]
    public async Task Stream_that_ends_while_it_waits_gives_everything_back()
    {
        using var rate = new ByteRate(TimeProvider.System);
        for (var round = 0; round < 60; round++)
        {
            // Parked for long, or so fast that turns come and go while the end comes.
            rate.Change(round % 3 == 0 ? 1000 : 20_000_000);
            var stream = await OpenAsync(rate);
            var work = Task.WhenAll(
                TransferAsync(stream.Client, stream.Server, new byte[2_000_000], round), TransferAsync(stream.Server, stream.Client, new byte[2_000_000], ~round));
            await Eventually.IsTrue(() => stream.Limited.BytesAtUpstream > 0, "bytes move");
            switch (round % 4)
            {
                case 0:
                    stream.Limited.End(ResetCode.MaximumAge, "old");
                    break;
                case 1:
                    Reset(stream.Client);
                    break;
                case 2:
                    Reset(stream.Server);
                    break;
                default:
                    rate.Change(0);
                    break;
            }

            await Task.WhenAny(work, Task.Delay(Long, TestContext.Current.CancellationToken));
            Assert.True(work.IsCompleted, $"round {round} hangs");

            // At the fast rate everything may have been through before the end came.
            if (round % 4 == 3)
                Assert.True(work.IsCompletedSuccessfully);
            else if (round % 3 == 0)
                Assert.False(work.IsCompletedSuccessfully);
            stream.Client.Dispose();
            stream.Server.Dispose();
            await Task.WhenAll(stream.Replica, stream.Edge).WaitAsync(Long);
        }

        Assert.Equal(0, rate.Waiting);
        await Eventually.IsTrue(() => pair.IsAllBack, "all buffers and places are back");
    }

    [Fact]
    public async Task End_by_a_limit_says_which_at_both_ends()
    {
        using var rate = new ByteRate(time);
        var stream = await OpenAsync(rate);
        await stream.Client.SendAsync(new byte[3]);
        Assert.Equal(3, await stream.Server.ReceiveAsync(new byte[8]).WaitAsync(Long));
        await Eventually.IsTrue(() => !stream.Limited.BytesWait, "nothing is on its way");
        var before = stream.Limited.BytesMoved;
        Assert.Equal(6, before);

        stream.Limited.End(ResetCode.IdleTimeout, "limit idle_timeout_seconds = 60 of socket db is reached");

        var outcome = await stream.Replica.WaitAsync(Long);
        Assert.Equal((StreamEnd.Stopped, "limit idle_timeout_seconds = 60 of socket db is reached"), (outcome.End, outcome.Reason));
        var atEdge = await stream.Edge.WaitAsync(Long);
        Assert.Equal(StreamEnd.RemoteReset, atEdge.End);
        Assert.Contains(nameof(ResetCode.IdleTimeout), atEdge.Reason);
        await Assert.ThrowsAsync<SocketException>(() => stream.Client.ReceiveAsync(new byte[1]).WaitAsync(Long));
        await Assert.ThrowsAsync<SocketException>(() => stream.Server.ReceiveAsync(new byte[1]).WaitAsync(Long));
    }

    private static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Dispose();
    }

    /// <summary>Lets time pass only while all that could move has moved.</summary>
    private async Task<TimeSpan> AdvanceUntilAsync(Task work, ByteRate rate, Action<TimeSpan> check)
    {
        var passed = TimeSpan.Zero;
        while (!work.IsCompleted)
        {
            await Eventually.IsTrue(() => work.IsCompleted || rate.Waiting > 0, "a stream waits for its turn or all is done");
            check(passed);
            time.Advance(Step);
            passed += Step;
        }

        return passed;
    }

    /// <summary>Sends in random pieces, half-closes, and returns what the other end got.</summary>
    private static async Task<byte[]> TransferAsync(Socket from, Socket to, byte[] data, int seed)
    {
        var sending = SendAsync();
        using var all = new MemoryStream();
        var buffer = new byte[65536];
        while (await to.ReceiveAsync(buffer) is var read and > 0)
            all.Write(buffer, 0, read);
        await sending;
        return all.ToArray();

        async Task SendAsync()
        {
            var random = new Random(seed);
            for (var sent = 0; sent < data.Length;)
            {
                var piece = Math.Min(data.Length - sent, random.Next(1, 40_000));
                await from.SendAsync(data.AsMemory(sent, piece));
                sent += piece;
            }

            from.Shutdown(SocketShutdown.Send);
        }
    }

    private async Task<Open> OpenAsync(ByteRate rate)
    {
        var (upstream, server) = await LinkPair.ConnectAsync();
        var (client, accepted) = await LinkPair.ConnectAsync();
        var replica = new TaskCompletionSource<(LimitedStream, Task<StreamOutcome>)>(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.OnOffered = offer =>
        {
            offer.Accept();
            var limited = new LimitedStream(offer.Open(replicaShare)!, rate);
            replica.SetResult((limited, RelayGraph.Run(materializer, upstream, limited)));
        };
        var request = new OpenRequest(Id, new IPEndPoint(IPAddress.Loopback, 1234), "", "", "");
        var opened = Assert.IsType<OpenOutcome.Opened>(await pair.OpenFreshAsync(request, edgeShare).WaitAsync(Long));
        var (stream, outcome) = await replica.Task.WaitAsync(Long);
        return new Open(client, server, stream, outcome, RelayGraph.Run(materializer, accepted, opened.Stream));
    }

    private sealed record Open(Socket Client, Socket Server, LimitedStream Limited, Task<StreamOutcome> Replica, Task<StreamOutcome> Edge);
}
