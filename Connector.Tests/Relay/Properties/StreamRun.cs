using System.Net;
using System.Net.Sockets;
using Akka.Streams;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Stages;
using Connector.Relay.Streams;

namespace Connector.Tests.Relay.Properties;

/// <summary>One stream between a client's and a server's TCP connection, with what each end saw.</summary>
internal sealed class StreamRun(StreamScript script, int seed, Socket client, Socket server)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly TaskCompletionSource clientClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public required Task<StreamOutcome> EdgeOutcome { get; init; }

    public required Task<StreamOutcome> ReplicaOutcome { get; init; }

    /// <summary>Bytes that have come over the link by now, both ways.</summary>
    public required Func<long> Moved { get; init; }

    public Socket Client => client;

    public Socket Server => server;

    public static async Task<StreamRun> OpenAsync(
        LinkPair pair, SocketMemory edgeShare, SocketMemory replicaShare, IMaterializer materializer, StreamScript script, int seed)
    {
        var (upstream, server) = await LinkPair.ConnectAsync();
        var (client, accepted) = await LinkPair.ConnectAsync();
        var replica = new TaskCompletionSource<(RelayStream, Task<StreamOutcome>)>(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.OnOffered = offer =>
        {
            offer.Accept();
            var stream = offer.Open(replicaShare)!;
            replica.SetResult((stream, RelayGraph.Run(materializer, upstream, stream)));
        };
        var request = new OpenRequest(edgeShare.SocketId, new IPEndPoint(IPAddress.Loopback, 1234), "", "", "");
        var opened = Assert.IsType<OpenOutcome.Opened>(await pair.OpenFreshAsync(request, edgeShare).WaitAsync(Long));
        var (atReplica, replicaOutcome) = await replica.Task.WaitAsync(Long);
        return new StreamRun(script, seed, client, server)
        {
            Moved = () => opened.Stream.BytesReceived + atReplica.BytesReceived,
            EdgeOutcome = RelayGraph.Run(materializer, accepted, opened.Stream),
            ReplicaOutcome = replicaOutcome,
        };
    }

    public async Task RunAsync()
    {
        var ends = await Task.WhenAll(
            WriteAsync(client, script.Up, seed, script.ClientResetsAt, Task.CompletedTask),
            WriteAsync(server, script.Down, ~seed, script.ServerResetsAt, script.ServerWaits ? clientClosed.Task : Task.CompletedTask),
            ReadAsync(client, script.Down, ~seed, script.SlowClient, null),
            ReadAsync(server, script.Up, seed, script.SlowServer, clientClosed));
        var (edge, replica) = (await EdgeOutcome, await ReplicaOutcome);
        client.Dispose();
        server.Dispose();
        var whole = ends[2] && ends[3];

        // Who says Completed has the other end's word that every byte was passed on, both ways.
        if (edge.End == StreamEnd.Completed || replica.End == StreamEnd.Completed)
            Assert.True(whole, $"edge {edge}, replica {replica}: Completed, but bytes are missing");
        if (!whole)
        {
            Assert.NotEqual(StreamEnd.Completed, edge.End);
            Assert.NotEqual(StreamEnd.Completed, replica.End);
        }

        Assert.NotEqual(StreamEnd.Failed, edge.End);
        Assert.NotEqual(StreamEnd.Failed, replica.End);
    }

    /// <summary>Byte number <paramref name="position"/> of a direction.</summary>
    private static byte ByteAt(int seed, long position) => (byte)((position * 31) + (position >> 8) + (seed * 17));

    private static async Task<bool> WriteAsync(Socket socket, int[] sizes, int seed, int resetAt, Task start)
    {
        await start;
        long position = 0;
        try
        {
            for (var i = 0; i < sizes.Length; i++)
            {
                if (i == resetAt)
                    break;
                var piece = new byte[sizes[i]];
                for (var j = 0; j < piece.Length; j++)
                    piece[j] = ByteAt(seed, position++);
                for (var sent = 0; sent < piece.Length;)
                    sent += await socket.SendAsync(piece.AsMemory(sent));
                if (i % 3 == 2)
                    await Task.Yield();
            }

            if (resetAt >= 0)
            {
                socket.LingerState = new LingerOption(true, 0);
                socket.Dispose();
                return false;
            }

            socket.Shutdown(SocketShutdown.Send);
            return true;
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <returns>Whether all came, followed by the half-close. Every byte that comes must be the right one.</returns>
    private static async Task<bool> ReadAsync(Socket socket, int[] sizes, int seed, bool slow, TaskCompletionSource? closed)
    {
        var all = sizes.Sum(static size => (long)size);
        var buffer = new byte[slow ? 3000 : 50_000];
        long position = 0;
        try
        {
            while (await socket.ReceiveAsync(buffer) is var read and > 0)
            {
                for (var i = 0; i < read; i++)
                    Assert.Equal(ByteAt(seed, position++), buffer[i]);
                Assert.True(position <= all, "more bytes came than were sent");
                if (slow && position % 7 == 0)
                    await Task.Delay(1);
            }

            return position == all;
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            closed?.TrySetResult();
        }
    }
}
