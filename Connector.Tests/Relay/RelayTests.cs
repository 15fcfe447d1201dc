using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Streams;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Stages;
using Connector.Relay.Streams;

namespace Connector.Tests.Relay;

[Trait("kind", Kinds.Stream)]
public sealed class RelayTests : IAsyncLifetime
{
    private static readonly SocketId Id = new("7b6cf7bb-3d6c-4c0f-8f3f-3d7a4a52f001");
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly ActorSystem system = ActorSystem.Create("relay");
    private readonly LinkPair pair = new();
    private readonly SemaphoreSlim opening = new(1);
    private readonly List<Task<StreamOutcome>> replicaOutcomes = [];
    private ActorMaterializer materializer = null!;
    private SocketMemory edgeShare = null!;
    private SocketMemory replicaShare = null!;
    private uint lastOffered;

    public async ValueTask InitializeAsync()
    {
        materializer = system.Materializer();
        edgeShare = pair.EdgeMemory.ForSocket(Id);
        replicaShare = pair.ReplicaMemory.ForSocket(Id);
        await pair.AddLaneAsync();
        await pair.AddLaneAsync();
        await pair.ServeAsync(Id);
    }

    public async ValueTask DisposeAsync()
    {
        await pair.DisposeAsync();
        await system.Terminate().WaitAsync(Long);
        await Eventually.IsTrue(() => pair.IsAllBack, "all buffers, budgets and places are back");
    }

    [Fact]
    public async Task Bytes_both_ways_arrive_unchanged()
    {
        var (client, server, edgeOutcome) = await OpenAsync();
        var up = RandomNumberGenerator.GetBytes(20_000_000);
        var down = RandomNumberGenerator.GetBytes(30_000_001);
        var sending = Task.WhenAll(SendAllAsync(client, up), SendAllAsync(server, down));
        var gotUp = ReceiveAllAsync(server);
        var gotDown = ReceiveAllAsync(client);
        await sending.WaitAsync(Long);
        AssertSame(up, await gotUp.WaitAsync(Long));
        AssertSame(down, await gotDown.WaitAsync(Long));
        var outcome = await edgeOutcome.WaitAsync(Long);
        Assert.Equal((StreamEnd.Completed, down.Length, up.Length), (outcome.End, outcome.BytesIn, outcome.BytesOut));
        Assert.Equal(StreamEnd.Completed, (await replicaOutcomes[0].WaitAsync(Long)).End);
    }

    [Fact]
    public async Task Half_close_reaches_the_server_and_the_answer_still_comes()
    {
        var (client, server, _) = await OpenAsync();
        await SendAllAsync(client, "question"u8.ToArray());
        Assert.Equal("question"u8.ToArray(), await ReceiveAllAsync(server).WaitAsync(Long));
        await SendAllAsync(server, "answer"u8.ToArray());
        Assert.Equal("answer"u8.ToArray(), await ReceiveAllAsync(client).WaitAsync(Long));
    }

    [Fact]
    public async Task Client_that_vanishes_resets_the_upstream_connection()
    {
        var (client, server, edgeOutcome) = await OpenAsync();
        client.LingerState = new LingerOption(true, 0);
        client.Dispose();
        Assert.Equal(StreamEnd.LocalFailed, (await edgeOutcome.WaitAsync(Long)).End);
        await Assert.ThrowsAsync<SocketException>(() => server.ReceiveAsync(new byte[1], SocketFlags.None).WaitAsync(Long));
        Assert.Equal(StreamEnd.RemoteReset, (await replicaOutcomes[0].WaitAsync(Long)).End);
    }

    [Fact]
    public async Task Reader_that_stops_stops_the_sender_within_one_window_and_resumes_it()
    {
        var (client, server, _) = await OpenAsync();
        var data = RandomNumberGenerator.GetBytes(64_000_000);
        var sending = SendAllAsync(server, data);
        long peak = 0;
        for (var i = 0; i < 50; i++)
        {
            peak = Math.Max(peak, Math.Max(pair.EdgeMemory.UsedBytes, pair.ReplicaMemory.UsedBytes));
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.False(sending.IsCompleted);
        Assert.InRange(peak, 1, 8 << 20);
        AssertSame(data, await ReceiveAllAsync(client).WaitAsync(Long));
    }

    [Fact]
    public async Task Refusal_reaches_the_edge_with_code_and_text()
    {
        pair.OnOffered = offer =>
        {
            offer.Accept();
            offer.Refuse(RefusalCode.UpstreamRefused, "127.0.0.1:9 refused the connection");
        };
        var outcome = await pair.OpenFreshAsync(Request(), edgeShare).WaitAsync(Long);
        var refused = Assert.IsType<OpenOutcome.Refused>(outcome);
        Assert.Equal(RefusalCode.UpstreamRefused, refused.Code);
        Assert.Contains("127.0.0.1:9", refused.Text);
    }

    [Fact]
    public async Task Cancelled_open_abandons_the_dial()
    {
        var offered = new TaskCompletionSource<OfferedStream>(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.OnOffered = offered.SetResult;
        using var cancel = new CancellationTokenSource();
        var open = pair.OpenFreshAsync(Request(), edgeShare, cancel.Token);
        var offer = await offered.Task.WaitAsync(Long);
        await cancel.CancelAsync();
        Assert.IsType<OpenOutcome.Cancelled>(await open.WaitAsync(Long));
        await Eventually.IsTrue(() => offer.Abandoned.IsCancellationRequested, "the dial is abandoned");
        Assert.Null(offer.Open(replicaShare));
    }

    [Fact]
    public async Task Lost_lane_ends_its_streams_and_leaves_those_of_its_sibling()
    {
        var (first, firstServer, firstOutcome) = await OpenAsync();
        var (second, secondServer, secondOutcome) = await OpenAsync();
        var (lane, _, _) = await pair.AddLaneAsync();
        lane.Abort("cut by the test");
        await Eventually.IsTrue(() => pair.Edge.LiveLanes == 2, "the edge lost the lane");
        await SendAllAsync(first, "a"u8.ToArray());
        await SendAllAsync(second, "b"u8.ToArray());
        Assert.Equal("a"u8.ToArray(), await ReceiveAllAsync(firstServer).WaitAsync(Long));
        Assert.Equal("b"u8.ToArray(), await ReceiveAllAsync(secondServer).WaitAsync(Long));
        firstServer.Dispose();
        secondServer.Dispose();
        Assert.Equal(StreamEnd.Completed, (await firstOutcome.WaitAsync(Long)).End);
        Assert.Equal(StreamEnd.Completed, (await secondOutcome.WaitAsync(Long)).End);
    }

    [Fact]
    public async Task Link_that_ends_resets_all_its_streams()
    {
        var (client, server, edgeOutcome) = await OpenAsync();
        await pair.Replica.DisposeAsync();
        Assert.Equal(StreamEnd.LinkLost, (await edgeOutcome.WaitAsync(Long)).End);
        Assert.Equal(StreamEnd.LinkLost, (await replicaOutcomes[0].WaitAsync(Long)).End);
        await Assert.ThrowsAsync<SocketException>(() => client.ReceiveAsync(new byte[1], SocketFlags.None).WaitAsync(Long));
        server.Dispose();
    }

    [Fact]
    public async Task Drain_is_acknowledged_and_takes_nothing_new()
    {
        var (client, server, _) = await OpenAsync();
        pair.Replica.Drain(TimeSpan.FromSeconds(5));

        // The last that was opened; there were more when some were refused as stale.
        Assert.Equal(lastOffered, await pair.DrainAnswer.Task.WaitAsync(Long));
        Assert.True(pair.Edge.IsDraining);
        Assert.False(pair.Edge.Serves(Id));
        Assert.IsNotType<OpenOutcome.Opened>(await pair.Edge.OpenAsync(Request(), edgeShare, CancellationToken.None).WaitAsync(Long));
        await SendAllAsync(client, "still"u8.ToArray());
        Assert.Equal("still"u8.ToArray(), await ReceiveAllAsync(server).WaitAsync(Long));
    }

    [Fact]
    public async Task Many_streams_at_once_keep_their_bytes_apart()
    {
        var work = Enumerable.Range(0, 40).Select(async i =>
        {
            var (client, server, outcome) = await OpenAsync();
            var data = RandomNumberGenerator.GetBytes(500_000 + (i * 1000));
            var sending = SendAllAsync(i % 2 == 0 ? client : server, data);
            var got = await ReceiveAllAsync(i % 2 == 0 ? server : client);
            await sending;
            AssertSame(data, got);
            (i % 2 == 0 ? server : client).Dispose();
            Assert.NotNull(await outcome);
        });
        await Task.WhenAll(work).WaitAsync(Long);
    }

    [Fact]
    public async Task Idle_stream_owns_no_buffer()
    {
        var (client, server, _) = await OpenAsync();
        await client.SendAsync("x"u8.ToArray());
        Assert.Equal(1, await server.ReceiveAsync(new byte[1]));
        await Eventually.IsTrue(() => edgeShare.OutstandingBuffers == 0 && replicaShare.OutstandingBuffers == 0, "both ends are without buffers");
    }

    private static void AssertSame(byte[] expected, byte[] actual) => Assert.True(expected.AsSpan().SequenceEqual(actual), "the bytes differ");

    private static OpenRequest Request() => new(Id, new IPEndPoint(IPAddress.Loopback, 1234), "", "", "");

    private static async Task SendAllAsync(Socket socket, byte[] data)
    {
        await socket.SendAsync(data);
        socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task<byte[]> ReceiveAllAsync(Socket socket)
    {
        using var all = new MemoryStream();
        var buffer = new byte[65536];
        while (await socket.ReceiveAsync(buffer) is var read and > 0)
            all.Write(buffer, 0, read);
        return all.ToArray();
    }

    private async Task<(Socket Client, Socket Server, Task<StreamOutcome> EdgeOutcome)> OpenAsync()
    {
        var (upstream, server) = await LinkPair.ConnectAsync();
        var (client, accepted) = await LinkPair.ConnectAsync();
        OpenOutcome outcome;
        var relays = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await opening.WaitAsync();
        try
        {
            pair.OnOffered = offer =>
            {
                offer.Accept();
                lastOffered = offer.Id;
                var stream = offer.Open(replicaShare);
                Assert.NotNull(stream);
                lock (replicaOutcomes)
                    replicaOutcomes.Add(RelayGraph.Run(materializer, upstream, stream));
                relays.SetResult();
            };
            outcome = await pair.OpenFreshAsync(Request(), edgeShare).WaitAsync(Long);

            // The edge may be told before the replica has begun.
            await relays.Task.WaitAsync(Long);
        }
        finally
        {
            opening.Release();
        }

        var opened = Assert.IsType<OpenOutcome.Opened>(outcome);
        return (client, server, RelayGraph.Run(materializer, accepted, opened.Stream));
    }

}
