using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Connector.Host.Drill;

/// <summary>One connection of the load. Every wait is bounded.</summary>
internal sealed class LoadConnection : IDisposable
{
    /// <summary>Until a new connection shows that it is served.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    // A refused connection is reset within milliseconds.
    private static readonly TimeSpan HoldTime = TimeSpan.FromMilliseconds(250);

    private readonly Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly LoadTarget target;
    private readonly byte[] buffer = new byte[4096];
    private long sent;
    private long came;

    private LoadConnection(LoadTarget target) => this.target = target;

    /// <summary>Connects, and waits for the sign that it is served.</summary>
    /// <exception cref="IOException">It is not; the message says why.</exception>
    public static async Task<LoadConnection> OpenAsync(LoadTarget target, bool stays, CancellationToken cancellationToken)
    {
        var connection = new LoadConnection(target);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Deadline);
        try
        {
            await connection.socket.ConnectAsync(target.Host, target.Port, deadline.Token).ConfigureAwait(false);
            await connection.ShowAsync(stays, deadline.Token).ConfigureAwait(false);
            return connection;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            connection.Dispose();
            throw new IOException($"socket {target.Name} did not serve a connection within {Deadline.TotalSeconds:0} s");
        }
        catch (SocketException failure)
        {
            connection.Dispose();
            throw new IOException($"socket {target.Name}: {failure.Message}", failure);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Keeps the stream in use until it ends or is to end.</summary>
    /// <returns>Why it ended; null when it was asked to.</returns>
    public async Task<string?> UseAsync(TimeSpan pace, CancellationToken end)
    {
        try
        {
            var (reading, clock) = (ReadOnAsync(end), SendOnAsync(pace, end));
            return await await Task.WhenAny(reading, clock).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            return end.IsCancellationRequested ? null : $"a stream of socket {target.Name}: {failure.Message}";
        }
    }

    public void Dispose() => socket.Dispose();

    private async Task ShowAsync(bool stays, CancellationToken cancellationToken)
    {
        switch (target.Kind)
        {
            case LoadKind.Http:
                await SendAsync(stays, cancellationToken).ConfigureAwait(false);
                var answer = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (answer < 5 || !buffer.AsSpan(0, 5).SequenceEqual("HTTP/"u8))
                {
                    throw new IOException($"socket {target.Name} {(answer == 0 ? "closed the connection without an answer" : "did not answer in HTTP")}");
                }

                break;
            case LoadKind.Echo:
                await SendAsync(stays, cancellationToken).ConfigureAwait(false);
                while (came < sent)
                {
                    Came(await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false));
                }

                break;
            default:
                using (var hold = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
                {
                    hold.CancelAfter(HoldTime);
                    try
                    {
                        Came(await socket.ReceiveAsync(buffer, hold.Token).ConfigureAwait(false));
                    }
                    catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                    {
                        // It stands, which is all that is known of a service that waits for its client.
                    }
                }

                break;
        }
    }

    private async Task<string?> ReadOnAsync(CancellationToken end)
    {
        while (true)
        {
            Came(await socket.ReceiveAsync(buffer, end).ConfigureAwait(false));
        }
    }

    private async Task<string?> SendOnAsync(TimeSpan pace, CancellationToken end)
    {
        while (true)
        {
            await Task.Delay(pace, end).ConfigureAwait(false);
            if (target.Kind != LoadKind.Hold)
            {
                await SendAsync(true, end).ConfigureAwait(false);
            }
        }
    }

    private async Task SendAsync(bool stays, CancellationToken cancellationToken)
    {
        byte[] bytes;
        if (target.Kind == LoadKind.Http)
        {
            bytes = Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {target.Host}\r\nConnection: {(stays ? "keep-alive" : "close")}\r\n\r\n");
        }
        else
        {
            // Numbered, so that a byte that is lost or comes twice is seen.
            bytes = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64BigEndian(bytes, sent / sizeof(long));
            sent += bytes.Length;
        }

        for (var rest = bytes.AsMemory(); rest.Length > 0;)
        {
            rest = rest[await socket.SendAsync(rest, cancellationToken).ConfigureAwait(false)..];
        }
    }

    private void Came(int count)
    {
        if (count == 0)
        {
            throw new IOException($"socket {target.Name} closed the connection");
        }

        if (target.Kind != LoadKind.Echo)
        {
            return;
        }

        foreach (var value in buffer.AsSpan(0, count))
        {
            var (number, place) = Math.DivRem(came++, sizeof(long));
            if (value != (byte)(number >> (8 * (sizeof(long) - 1 - (int)place))))
            {
                throw new IOException($"socket {target.Name}: what came back is not what was sent, at byte {came - 1}");
            }
        }
    }
}
