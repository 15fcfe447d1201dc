using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Connector.Tests.Server.Edge;

/// <summary>Clients that come one after another, each says a word and hears it back; so many at once. Knows which of them came after the moment of a kill.</summary>
internal sealed class OpenLoad : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource stopping = new();
    private readonly ConcurrentBag<(long At, string Failure)> failures = [];
    private readonly Task[] clients;
    private int good;
    private long killedAt = long.MaxValue;
    private int goodAtKill;

    public OpenLoad(IPEndPoint endPoint, int atOnce)
        => clients = [.. Enumerable.Range(0, atOnce).Select(_ => Task.Run(() => RunAsync(endPoint)))];

    public void MarkKill()
    {
        Volatile.Write(ref goodAtKill, Volatile.Read(ref good));
        Interlocked.Exchange(ref killedAt, Environment.TickCount64);
    }

    /// <summary>So many got their word back, since the kill when there was one.</summary>
    public Task ReachedAsync(int count)
        => Eventually.IsTrue(() => Volatile.Read(ref good) - Volatile.Read(ref goodAtKill) >= count, $"{count} clients heard their word, {failures.Count} did not");

    /// <summary>Those that came after the kill and did not hear their word. Those before may have had their stream on what was killed.</summary>
    public async Task<IReadOnlyList<string>> FailedAfterKillAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(clients);
        var killed = Interlocked.Read(ref killedAt);
        return [.. failures.Where(failure => failure.At > killed).Select(failure => failure.Failure)];
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Task.WhenAll(clients);
        stopping.Dispose();
    }

    private async Task RunAsync(IPEndPoint endPoint)
    {
        var buffer = new byte[4];
        while (!stopping.IsCancellationRequested)
        {
            var at = Environment.TickCount64;
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
            patience.CancelAfter(Patience);
            try
            {
                await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, endPoint.Port), patience.Token);
                await client.SendAsync("word"u8.ToArray(), patience.Token);
                for (var got = 0; got < buffer.Length;)
                {
                    var read = await client.ReceiveAsync(buffer.AsMemory(got), patience.Token);
                    if (read == 0)
                    {
                        throw new IOException("closed");
                    }

                    got += read;
                }

                Interlocked.Increment(ref good);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or IOException)
            {
                if (!stopping.IsCancellationRequested)
                {
                    failures.Add((at, $"{e.GetType().Name}: {e.Message}"));
                }
            }
        }
    }
}
