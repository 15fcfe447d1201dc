using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Connector.Tests.Plugins.Network;

/// <summary>A server that says something first, or waits and answers; remembers what it heard.</summary>
internal sealed class SpeakingServer : IAsyncDisposable
{
    private readonly Socket listener;
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<byte[]> heard = new();
    private readonly ConcurrentBag<Task> serving = [];
    private readonly Task accepting;
    private int connections;

    /// <param name="greeting">Said first; empty for nothing.</param>
    /// <param name="answer">To what was heard; null says nothing, empty hangs up.</param>
    public SpeakingServer(byte[] greeting, Func<byte[], byte[]?>? answer = null, IPEndPoint? at = null)
    {
        at ??= new IPEndPoint(IPAddress.Loopback, 0);
        listener = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(at);
        listener.Listen(512);
        accepting = AcceptAsync(greeting, answer ?? (static _ => null));
    }

    public int Port => ((IPEndPoint)listener.LocalEndPoint!).Port;

    public int Connections => Volatile.Read(ref connections);

    public Task Accepted => accepted.Task;

    /// <summary>What one read gave, each.</summary>
    public IReadOnlyList<byte[]> Heard => [.. heard];

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Dispose();
        await accepting;
        await Task.WhenAll(serving);
        stopping.Dispose();
    }

    private async Task AcceptAsync(byte[] greeting, Func<byte[], byte[]?> answer)
    {
        try
        {
            while (true)
            {
                var connection = await listener.AcceptAsync(stopping.Token);
                Interlocked.Increment(ref connections);
                accepted.TrySetResult();
                serving.Add(ServeAsync(connection, greeting, answer));
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Ended.
        }
    }

    private async Task ServeAsync(Socket connection, byte[] greeting, Func<byte[], byte[]?> answer)
    {
        using (connection)
        {
            try
            {
                if (greeting.Length > 0)
                {
                    await connection.SendAsync(greeting, stopping.Token);
                }

                var buffer = new byte[16 * 1024];
                int count;
                while ((count = await connection.ReceiveAsync(buffer, stopping.Token)) > 0)
                {
                    heard.Enqueue(buffer[..count]);
                    var said = answer(buffer[..count]);
                    if (said is { Length: 0 })
                    {
                        return;
                    }

                    if (said is not null)
                    {
                        await connection.SendAsync(said, stopping.Token);
                    }
                }
            }
            catch (Exception failure) when (failure is OperationCanceledException or SocketException)
            {
                // Ended, or the client has.
            }
        }
    }
}
