using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Connector.Tests.Processes;

/// <summary>A private service inside the test: a listener on loopback that serves each connection with a given function. Remembers what it accepted.</summary>
internal sealed class LoopbackUpstream : IAsyncDisposable
{
    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentDictionary<Socket, Task> serving = new();
    private readonly Task accepting;
    private int accepted;
    private int ended;

    private LoopbackUpstream(Func<Socket, CancellationToken, Task> serve)
    {
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(512);
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        accepting = AcceptAsync(serve);
    }

    public int Port { get; }

    public int Accepted => Volatile.Read(ref accepted);

    /// <summary>Connections whose function has returned or failed.</summary>
    public int Ended => Volatile.Read(ref ended);

    public static LoopbackUpstream Start(Func<Socket, CancellationToken, Task> serve) => new(serve);

    /// <summary>Sends back what it reads, then ends.</summary>
    public static LoopbackUpstream StartEcho() => new(async (connection, cancellation) =>
    {
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await connection.ReceiveAsync(buffer, cancellation)) > 0)
        {
            await SendAllAsync(connection, buffer.AsMemory(0, count), cancellation);
        }
    });

    public static async Task SendAllAsync(Socket connection, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await connection.SendAsync(bytes, cancellation)..];
        }
    }

    /// <summary>Cuts every connection with a reset, as a dying machine does; goes on listening.</summary>
    public void ResetConnections()
    {
        foreach (var connection in serving.Keys)
        {
            Reset(connection);
        }
    }

    public static void Reset(Socket connection)
    {
        try
        {
            connection.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed in the meantime.
        }

        connection.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        if (stopping.IsCancellationRequested)
        {
            return;
        }

        await stopping.CancelAsync();
        listener.Dispose();
        await accepting;
        foreach (var (connection, task) in serving)
        {
            connection.Dispose();
            await task;
        }

        // The source is not disposed of: a connection's function may still look at its token.
    }

    private async Task AcceptAsync(Func<Socket, CancellationToken, Task> serve)
    {
        try
        {
            while (true)
            {
                var connection = await listener.AcceptAsync(stopping.Token);
                connection.NoDelay = true;
                Interlocked.Increment(ref accepted);
                var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                serving[connection] = ServeAsync(connection, serve, start.Task);
                start.SetResult();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(Socket connection, Func<Socket, CancellationToken, Task> serve, Task listed)
    {
        await listed;
        try
        {
            await serve(connection, stopping.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException or IOException)
        {
            // The other end went away, or the test ends.
        }
        finally
        {
            connection.Dispose();
            serving.TryRemove(connection, out _);
            Interlocked.Increment(ref ended);
        }
    }
}
