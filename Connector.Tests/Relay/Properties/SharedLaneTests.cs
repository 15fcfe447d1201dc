using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Streams;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Tests.Relay.Properties;

/// <summary>What streams that share a lane and a pool may do to one another: nothing.</summary>
[Trait("kind", Kinds.Stream)]
public sealed class SharedLaneTests : IAsyncLifetime
{
    private static readonly SocketId Id = new("7b6cf7bb-3d6c-4c0f-8f3f-3d7a4a52f001");
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(180);
    private static readonly StreamScript None = new([], [], false, -1, -1, false, false);
    private readonly ActorSystem system = ActorSystem.Create("relay");
    private ActorMaterializer materializer = null!;

    public ValueTask InitializeAsync()
    {
        materializer = system.Materializer();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync() => await system.Terminate().WaitAsync(Long);

    [Fact]
    public async Task Tiny_pool_is_never_exceeded_and_every_byte_arrives_once_the_readers_resume()
    {
        const int pool = 256 << 10;
        const int streams = 30;
        await using var pair = new LinkPair(new RelayMemoryOptions(pool, streams, Poison: true));
        var open = await OpenerAsync(pair);
        var runs = new List<StreamRun>();
        for (var i = 0; i < streams; i++)
            runs.Add(await open(i));

        var request = new OpenRequest(Id, new IPEndPoint(IPAddress.Loopback, 1), "", "", "");
        var refused = Assert.IsType<OpenOutcome.Refused>(
            await pair.OpenFreshAsync(request, pair.EdgeMemory.ForSocket(Id)).WaitAsync(Long));
        Assert.Equal(RefusalCode.Busy, refused.Code);

        using var stop = new CancellationTokenSource();
        var sampling = Task.Run(() =>
        {
            long peak = 0;
            while (!stop.IsCancellationRequested)
            {
                peak = Math.Max(peak, Math.Max(pair.EdgeMemory.UsedBytes, pair.ReplicaMemory.UsedBytes));

                // Not without a pause: it would take a processor from those it looks at.
                Thread.Sleep(1);
            }

            return peak;
        });
        var data = new byte[400_000];
        Random.Shared.NextBytes(data);
        var sending = Task.WhenAll(runs.SelectMany(run => new[] { SendAsync(run.Client, data), SendAsync(run.Server, data) }));

        // Nobody reads until all that could be moved without a reader was moved.
        long moved;
        do
        {
            moved = runs.Sum(static run => run.Moved());
            await Task.Delay(300, TestContext.Current.CancellationToken);
        }
        while (moved != runs.Sum(static run => run.Moved()));
        var received = await Task.WhenAll(runs.SelectMany(static run => new[] { ReceiveAsync(run.Client), ReceiveAsync(run.Server) })).WaitAsync(Long);
        await sending.WaitAsync(Long);
        Assert.All(received, got => Assert.True(data.AsSpan().SequenceEqual(got), "the bytes differ"));
        await Eventually.IsTrue(() => pair.IsAllBack, "everything is back");
        await stop.CancelAsync();
        Assert.InRange(await sampling, 1, pool);
    }

    [Fact]
    public async Task Stalled_slow_and_half_closed_streams_do_not_delay_their_sibling()
    {
        await using var pair = new LinkPair();
        var open = await OpenerAsync(pair);
        var sibling = await open(0);
        var alone = await EchoAsync(sibling, 200);

        StreamRun stalledUp = await open(1), stalledDown = await open(2), half = await open(3), slow = await open(4);
        var stalled = new[] { SendAsync(stalledUp.Client, new byte[30_000_000]), SendAsync(stalledDown.Server, new byte[30_000_000]), SendAsync(slow.Server, new byte[2_000_000]) };
        half.Client.Shutdown(SocketShutdown.Send);
        using var stop = new CancellationTokenSource();
        var sipping = Task.Run(async () =>
        {
            var sip = new byte[2000];
            while (!stop.IsCancellationRequested && await slow.Client.ReceiveAsync(sip) > 0)
                await Task.Delay(5);
        });
        await Eventually.IsTrue(() => stalledUp.Moved() > 0 && stalledDown.Moved() > 0, "the others have begun");

        // The least of some: a machine that is held up delays everything, but not each time.
        var (beside, bound) = (TimeSpan.MaxValue, (20 * alone) + TimeSpan.FromSeconds(5));
        for (var tries = 0; tries < 5 && beside >= bound; tries++)
        {
            var once = await EchoAsync(sibling, 200);
            beside = once < beside ? once : beside;
        }

        Assert.Contains(stalled, static one => !one.IsCompleted);
        Assert.True(beside < bound, $"200 echoes took {alone} alone and {beside} beside stalled streams");

        await stop.CancelAsync();
        await sipping.WaitAsync(Long);
        foreach (var run in new[] { sibling, stalledUp, stalledDown, half, slow })
        {
            run.Client.Dispose();
            run.Server.Dispose();
            await run.EdgeOutcome.WaitAsync(Long);
            await run.ReplicaOutcome.WaitAsync(Long);
        }

        await Eventually.IsTrue(() => pair.IsAllBack, "everything is back");
    }

    private static async Task<TimeSpan> EchoAsync(StreamRun run, int times)
    {
        var watch = Stopwatch.StartNew();
        var buffer = new byte[100];
        for (var i = 0; i < times; i++)
        {
            await run.Client.SendAsync(buffer.AsMemory());
            for (var got = 0; got < 100;)
                got += await Some(run.Server.ReceiveAsync(buffer));
            await run.Server.SendAsync(buffer.AsMemory());
            for (var got = 0; got < 100;)
                got += await Some(run.Client.ReceiveAsync(buffer));
        }

        return watch.Elapsed;

        static async Task<int> Some(Task<int> receive)
        {
            var read = await receive.WaitAsync(Long);
            Assert.True(read > 0, "the sibling was closed");
            return read;
        }
    }

    private static async Task SendAsync(Socket socket, byte[] data)
    {
        try
        {
            for (var sent = 0; sent < data.Length;)
                sent += await socket.SendAsync(data.AsMemory(sent));
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // Disposed by the test, which asserts on what arrives.
        }
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket)
    {
        using var all = new MemoryStream();
        var buffer = new byte[65536];
        while (await socket.ReceiveAsync(buffer) is var read and > 0)
            all.Write(buffer, 0, read);
        return all.ToArray();
    }

    private async Task<Func<int, Task<StreamRun>>> OpenerAsync(LinkPair pair)
    {
        await pair.AddLaneAsync();
        await pair.ServeAsync(Id);
        SocketMemory edge = pair.EdgeMemory.ForSocket(Id), replica = pair.ReplicaMemory.ForSocket(Id);
        return seed => StreamRun.OpenAsync(pair, edge, replica, materializer, None, seed);
    }
}
