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

    private readonly Socket[] listeners;
    private readonly ConcurrentDictionary<long, IServed> streams = new();
    private readonly ConcurrentDictionary<long, int> places = new();
    private readonly ConcurrentDictionary<Socket, bool> connections = new();
    private readonly Task accepting;
    private long lastId;

    /// <param name="listeners">Of one port in different places.</param>
    public LoadService(params Socket[] listeners)
    {
        this.listeners = listeners;
        Port = ((System.Net.IPEndPoint)listeners[0].LocalEndPoint!).Port;
        accepting = Task.WhenAll(Enumerable.Range(0, listeners.Length).Select(AcceptAsync));
    }

    public int Port { get; }

    public long Register(IServed stream)
    {
        var id = Interlocked.Increment(ref lastId);
        streams[id] = stream;
        return id;
    }

    public void Forget(long id)
    {
        streams.TryRemove(id, out _);
        places.TryRemove(id, out _);
    }

    /// <summary>By which of the listeners the stream came; null when it has not come.</summary>
    public int? PlaceOf(long id) => places.TryGetValue(id, out var place) ? place : null;

    public async ValueTask DisposeAsync()
    {
        foreach (var listener in listeners)
        {
            listener.Dispose();
        }

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

    private async Task AcceptAsync(int place)
    {
        while (true)
        {
            try
            {
                _ = ServeAsync(await listeners[place].AcceptAsync(), place);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket connection, int place)
    {
        connection.NoDelay = true;
        connections[connection] = true;
        IServed? stream = null;
        try
        {
            var id = new byte[IdLength];
            await PatternPump.ReceiveExactlyAsync(connection, id);
            var number = BinaryPrimitives.ReadInt64BigEndian(id);
            if (streams.TryGetValue(number, out stream))
            {
                places[number] = place;
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
