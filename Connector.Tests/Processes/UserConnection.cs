using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Connector.Tests.Processes;

/// <summary>One plain connection of an end user, with a deadline on everything.</summary>
internal sealed class UserConnection : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private UserConnection(Socket socket) => Socket = socket;

    public Socket Socket { get; }

    public static async Task<UserConnection> OpenAsync(int port, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation).AsTask().WaitAsync(Deadline, cancellation);
            return new UserConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Succeeds when the echo service behind the port answers with the same bytes.</summary>
    public static async Task EchoAsync(int port, CancellationToken cancellation)
    {
        using var connection = await OpenAsync(port, cancellation);
        var sent = Encoding.ASCII.GetBytes($"echo {Guid.NewGuid()}");
        await connection.SendAsync(sent, cancellation);
        var received = await connection.ReceiveAsync(sent.Length, cancellation);
        if (!received.AsSpan().SequenceEqual(sent))
        {
            throw new InvalidDataException($"The echo came back as '{Encoding.ASCII.GetString(received)}'.");
        }
    }

    /// <summary>Echoes as soon as the path is there: a new socket takes a moment to reach its replica.</summary>
    public static Task EchoEventuallyAsync(int port, CancellationToken cancellation)
        => Eventually.SucceedsAsync(
            async () =>
            {
                await EchoAsync(port, cancellation);
                return true;
            },
            $"port {port} echoes",
            cancellation);

    /// <summary>Connects and waits for the end. A refusal may reset the connection before connecting has returned: that is an end, too.</summary>
    /// <returns>False when the connection was still open at the deadline.</returns>
    public static async Task<bool> EndsAsync(int port, CancellationToken cancellation, TimeSpan? deadline = null)
    {
        try
        {
            using var connection = await OpenAsync(port, cancellation);
            await connection.ReadToEndAsync(cancellation, deadline);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
        => LoopbackUpstream.SendAllAsync(Socket, bytes, cancellation).WaitAsync(Deadline, cancellation);

    /// <summary>Up to so many bytes; fewer when the stream ends before.</summary>
    public async Task<byte[]> ReceiveAsync(int length, CancellationToken cancellation)
    {
        var buffer = new byte[length];
        var filled = 0;
        while (filled < length)
        {
            var count = await Socket.ReceiveAsync(buffer.AsMemory(filled), cancellation).AsTask().WaitAsync(Deadline, cancellation);
            if (count == 0)
            {
                break;
            }

            filled += count;
        }

        return buffer[..filled];
    }

    /// <summary>Reads until the far end closes or resets; gives the number of bytes that came before. Fails when it does neither in time.</summary>
    public async Task<long> ReadToEndAsync(CancellationToken cancellation, TimeSpan? deadline = null)
    {
        var buffer = new byte[64 * 1024];
        var total = 0L;
        try
        {
            int count;
            while ((count = await Socket.ReceiveAsync(buffer, cancellation).AsTask().WaitAsync(deadline ?? Deadline, cancellation)) > 0)
            {
                total += count;
            }
        }
        catch (SocketException)
        {
            // A reset is an end, too.
        }

        return total;
    }

    public void Dispose() => Socket.Dispose();
}
