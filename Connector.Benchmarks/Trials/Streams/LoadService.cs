using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Connector.Benchmarks.Trials.Streams;

/// <summary>
/// The service behind the socket. It runs in the process of the trial and meets the streams by the id that is the first thing each sends (8 bytes, big-endian), so that both ends of a
/// direction can be compared: what was sent here with what arrived there. Id 0 is answered with an echo of everything, for probes.
/// </summary>
internal sealed class LoadService : IAsyncDisposable
{
    public const int IdLength = sizeof(long);

    private readonly Socket listener;
    private readonly ConcurrentDictionary<long, IServed> streams = new();
    private readonly ConcurrentDictionary<Socket, bool> connections = new();
    private readonly Task accepting;
    private long lastId;

    public LoadService(Socket listener)
    {
        this.listener = listener;
        Port = ((System.Net.IPEndPoint)listener.LocalEndPoint!).Port;
        accepting = AcceptAsync();
    }

    public int Port { get; }

    public long Register(IServed stream)
    {
        var id = Interlocked.Increment(ref lastId);
        streams[id] = stream;
        return id;
    }

    public void Forget(long id) => streams.TryRemove(id, out _);

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await accepting;
        foreach (var connection in connections.Keys)
        {
            connection.Dispose();
        }
    }

    /// <summary>Sends back what comes until the peer half-closes, then closes.</summary>
    public static async Task EchoAsync(Socket connection)
    {
        var buffer = new byte[4096];
        int count;
        while ((count = await connection.ReceiveAsync(buffer)) > 0)
        {
            await PatternPump.SendAllAsync(connection, buffer.AsMemory(0, count));
        }

        connection.Shutdown(SocketShutdown.Send);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                _ = ServeAsync(await listener.AcceptAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        connection.NoDelay = true;
        connections[connection] = true;
        IServed? stream = null;
        try
        {
            var id = new byte[IdLength];
            await PatternPump.ReceiveExactlyAsync(connection, id);
            if (streams.TryGetValue(BinaryPrimitives.ReadInt64BigEndian(id), out stream))
            {
                await stream.ServeAsync(connection);
            }
            else
            {
                await PatternPump.SendAllAsync(connection, id);
                await EchoAsync(connection);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or EndOfStreamException)
        {
            stream?.ServiceFailed($"at the service: {e.Message}");
        }
        finally
        {
            connections.TryRemove(connection, out _);
            connection.Dispose();
        }
    }
}
