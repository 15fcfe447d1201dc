using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Connector.Tests.Actors.Sockets;

/// <summary>An end user's connection to an echoing upstream: sends at a pace, checks what comes back, and notes the longest time without progress.</summary>
internal sealed class EchoedStream : IDisposable
{
    private const int Chunk = 8192;

    private readonly Socket client;
    private readonly IncrementalHash sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash received = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly CancellationTokenSource stop = new();
    private readonly Task sending;
    private readonly Task receiving;
    private long longestTicks;
    private long bytes;

    public EchoedStream(Socket client, int seed)
    {
        this.client = client;
        sending = Task.Run(() => SendAsync(seed));
        receiving = Task.Run(ReceiveAsync);
    }

    public long Bytes => Interlocked.Read(ref bytes);

    /// <summary>The longest wait for the next echo since this was asked last.</summary>
    public TimeSpan TakeLongestStall() => TimeSpan.FromTicks(Interlocked.Exchange(ref longestTicks, 0));

    /// <summary>Half-closes, reads to the end, and says whether everything came back unchanged.</summary>
    public async Task<bool> FinishAsync()
    {
        await stop.CancelAsync();
        await sending;
        await receiving;
        return sent.GetHashAndReset().AsSpan().SequenceEqual(received.GetHashAndReset());
    }

    public void Dispose()
    {
        stop.Cancel();
        client.Dispose();
    }

    private async Task SendAsync(int seed)
    {
        var random = new Random(seed);
        var chunk = new byte[Chunk];
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!stop.IsCancellationRequested)
        {
            await pace.WaitForNextTickAsync();
            random.NextBytes(chunk);
            sent.AppendData(chunk);
            await client.SendAsync(chunk);
        }

        client.Shutdown(SocketShutdown.Send);
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[65536];
        while (true)
        {
            var began = Stopwatch.GetTimestamp();
            var read = await client.ReceiveAsync(buffer);
            if (read == 0)
                return;
            var waited = Stopwatch.GetElapsedTime(began).Ticks;
            if (waited > Interlocked.Read(ref longestTicks))
                Interlocked.Exchange(ref longestTicks, waited);
            received.AppendData(buffer.AsSpan(0, read));
            Interlocked.Add(ref bytes, read);
        }
    }
}
