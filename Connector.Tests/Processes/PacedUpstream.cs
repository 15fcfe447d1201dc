using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Connector.Tests.Processes;

/// <summary>
/// A service whose streams never stop by themselves: a block every few milliseconds, different for every stream and place, until it is told to finish.
/// </summary>
internal sealed class PacedUpstream : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentDictionary<ulong, long> sentBlocks = new();
    private readonly CancellationTokenSource finishing = new();
    private readonly LoopbackUpstream upstream;

    public PacedUpstream() => upstream = LoopbackUpstream.Start(ServeAsync);

    public int Port => upstream.Port;

    public int Accepted => upstream.Accepted;

    /// <summary>How many blocks the stream with this seed was sent.</summary>
    public long SentBlocks(ulong seed) => sentBlocks.GetValueOrDefault(seed);

    /// <summary>Every stream ends after its current block, in order.</summary>
    public void Finish() => finishing.Cancel();

    public void ResetConnections() => upstream.ResetConnections();

    public async ValueTask DisposeAsync()
    {
        await finishing.CancelAsync();
        await upstream.DisposeAsync();
        finishing.Dispose();
    }

    private async Task ServeAsync(Socket connection, CancellationToken cancellation)
    {
        var block = new byte[StreamPattern.BlockLength];
        var seedBytes = new byte[sizeof(ulong)];
        for (var received = 0; received < seedBytes.Length;)
        {
            var count = await connection.ReceiveAsync(seedBytes.AsMemory(received), cancellation);
            if (count == 0)
            {
                return;
            }

            received += count;
        }

        var seed = BinaryPrimitives.ReadUInt64BigEndian(seedBytes);
        using var clock = new PeriodicTimer(Pace);
        for (var index = 0L; !finishing.IsCancellationRequested; index++)
        {
            StreamPattern.Fill(block, seed, index);
            await LoopbackUpstream.SendAllAsync(connection, block, cancellation);
            sentBlocks[seed] = index + 1;
            await clock.WaitForNextTickAsync(cancellation);
        }

        connection.Shutdown(SocketShutdown.Send);
        await connection.ReceiveAsync(seedBytes, cancellation);
    }
}
