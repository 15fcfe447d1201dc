using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Connector.Tests.Processes;

/// <summary>An end user's stream from a <see cref="PacedUpstream"/>: checks every byte and remembers the longest silence.</summary>
internal sealed class StreamWatch : IAsyncDisposable
{
    private static long lastSeed = Random.Shared.NextInt64();

    private readonly Socket connection = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource stopping = new();
    private Task<string> reading = Task.FromResult("not started");
    private long blocks;
    private long longestSilenceTicks;
    private long silenceSince;

    private StreamWatch(string name) => Name = name;

    public string Name { get; }

    public ulong Seed { get; } = (ulong)Interlocked.Increment(ref lastSeed);

    /// <summary>Whole blocks received, each as it should be.</summary>
    public long Blocks => Volatile.Read(ref blocks);

    /// <summary>Counts from the last <see cref="ForgetSilence"/>.</summary>
    public TimeSpan LongestSilence => TimeSpan.FromSeconds((double)Volatile.Read(ref longestSilenceTicks) / Stopwatch.Frequency);

    /// <summary>How the stream ended: "end", or what went wrong.</summary>
    public Task<string> Ended => reading;

    public static async Task<StreamWatch> StartAsync(string name, int port, CancellationToken cancellation)
    {
        var watch = new StreamWatch(name);
        try
        {
            await watch.connection.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation);
            var seed = new byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64BigEndian(seed, watch.Seed);
            await LoopbackUpstream.SendAllAsync(watch.connection, seed, cancellation);
            watch.reading = Task.Run(watch.ReadAsync, CancellationToken.None);
            return watch;
        }
        catch
        {
            await watch.DisposeAsync();
            throw;
        }
    }

    public void ForgetSilence()
    {
        Volatile.Write(ref silenceSince, Stopwatch.GetTimestamp());
        Volatile.Write(ref longestSilenceTicks, 0);
    }

    /// <summary>Waits until so many more blocks arrived.</summary>
    public Task ReceiveAsync(int moreBlocks, CancellationToken cancellation)
    {
        var until = Blocks + moreBlocks;
        return Eventually.IsTrueAsync(
            () => Blocks >= until || (reading.IsCompleted ? throw new InvalidOperationException($"Stream {Name} ended early: {reading.Result}.") : false),
            $"stream {Name} received {moreBlocks} more blocks (it has {Blocks})",
            cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        connection.Dispose();
        await reading;
        stopping.Dispose();
    }

    private async Task<string> ReadAsync()
    {
        var received = new byte[StreamPattern.BlockLength];
        var expected = new byte[StreamPattern.BlockLength];
        ForgetSilence();
        try
        {
            for (var index = 0L; ; index++)
            {
                StreamPattern.Fill(expected, Seed, index);
                for (var filled = 0; filled < received.Length;)
                {
                    var count = await connection.ReceiveAsync(received.AsMemory(filled), stopping.Token);
                    if (count == 0)
                    {
                        return filled == 0 ? "end" : $"ended within block {index}";
                    }

                    filled += count;
                    NoteArrival();
                }

                if (!received.AsSpan().SequenceEqual(expected))
                {
                    return $"wrong bytes in block {index}";
                }

                Interlocked.Increment(ref blocks);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            return stopping.IsCancellationRequested ? "left" : $"broken: {e.Message}";
        }
    }

    private void NoteArrival()
    {
        var now = Stopwatch.GetTimestamp();
        var silence = now - Interlocked.Exchange(ref silenceSince, now);
        if (silence > Volatile.Read(ref longestSilenceTicks))
        {
            Volatile.Write(ref longestSilenceTicks, silence);
        }
    }
}
