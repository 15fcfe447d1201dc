using System.Diagnostics;
using System.Net.Sockets;
using Connector.Benchmarks.Load;

namespace Connector.Benchmarks.Micro;

/// <summary>
/// A load that allocates nothing while it runs: blocking calls on spans, one thread at the far end, buffers made before. Bulk phases first, then messages.
/// </summary>
internal sealed class BlockingLoad : IDisposable
{
    /// <summary>Bytes per write: what the table calls a chunk.</summary>
    public const int ChunkBytes = 64 << 10;

    private readonly byte[] nearBuffer = new byte[ChunkBytes];
    private readonly byte[] farBuffer = new byte[ChunkBytes];
    private readonly long[] bulkPhases;
    private readonly Socket near;
    private readonly Socket far;
    private readonly Thread thread;
    private string? farFailure;

    /// <param name="bulkPhases">Bytes of each bulk phase, multiples of a chunk; the far end must know how much to take.</param>
    public BlockingLoad(Socket near, Socket far, params long[] bulkPhases)
    {
        this.near = near;
        this.far = far;
        this.bulkPhases = bulkPhases;
        Random.Shared.NextBytes(nearBuffer);
        thread = new Thread(FarEnd) { IsBackground = true };
        thread.Start();
    }

    /// <summary>Runs the next bulk phase; returns when its last byte has been read and one byte has come back.</summary>
    public Measured Bulk(long bytes) => Measure(bytes / ChunkBytes, () =>
    {
        for (var left = bytes; left > 0; left -= ChunkBytes)
        {
            SendAll(near, nearBuffer);
        }

        Transfers.ReceiveExactly(near, nearBuffer.AsSpan(0, 1));
    });

    /// <summary>Messages of 64 bytes there and back, one at a time; after all bulk phases.</summary>
    public Measured PingPong(int messages) => Measure(messages, () =>
    {
        for (var i = 0; i < messages; i++)
        {
            near.Send(nearBuffer.AsSpan(0, LoadProtocol.PingLength));
            Transfers.ReceiveExactly(near, nearBuffer.AsSpan(0, LoadProtocol.PingLength));
        }
    });

    public void Dispose()
    {
        near.Dispose();
        far.Dispose();
        thread.Join();
    }

    private Measured Measure(long count, Action load)
    {
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var start = Stopwatch.GetTimestamp();
        try
        {
            load();
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException)
        {
            throw new InvalidOperationException($"The relayed connection broke: {e.Message} {farFailure}", e);
        }

        var elapsed = Stopwatch.GetElapsedTime(start);
        return new Measured(count, elapsed, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }

    private void FarEnd()
    {
        try
        {
            foreach (var bytes in bulkPhases)
            {
                for (var left = bytes; left > 0;)
                {
                    var count = far.Receive(farBuffer.AsSpan(0, (int)Math.Min(left, ChunkBytes)));
                    left -= count > 0 ? count : throw new EndOfStreamException($"The connection ended with {left} bytes still due.");
                }

                far.Send(farBuffer.AsSpan(0, 1));
            }

            while (far.Receive(farBuffer) is var count and > 0)
            {
                SendAll(far, farBuffer.AsSpan(0, count));
            }
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException or ObjectDisposedException)
        {
            // Also the normal end: the near end has closed.
            farFailure = e.Message;
            far.Dispose();
        }
    }

    private static void SendAll(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }

    /// <summary>What a phase took.</summary>
    /// <param name="Count">Chunks or messages.</param>
    /// <param name="AllocatedBytes">In the whole process.</param>
    public readonly record struct Measured(long Count, TimeSpan Elapsed, long AllocatedBytes)
    {
        public double AllocatedEach => (double)AllocatedBytes / Count;
    }
}
