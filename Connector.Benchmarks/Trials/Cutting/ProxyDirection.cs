using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Connector.Benchmarks.Trials.Cutting;

/// <summary>
/// One direction of a proxied connection: a reader, a bounded queue, a writer that may be late, held, or throwing away. Owns the pooled buffers between the two.
/// </summary>
internal sealed class ProxyDirection(Socket from, Socket to)
{
    private const int BufferLength = 32 * 1024;
    private const int MostPieces = 64;

    private readonly Channel<Piece> pieces = Channel.CreateBounded<Piece>(new BoundedChannelOptions(MostPieces) { SingleReader = true, SingleWriter = true });
    private readonly Lock gate = new();
    private TaskCompletionSource? held;
    private long latencyTicks;
    private volatile bool dropping;

    /// <summary>Told the first bytes, before they are passed on.</summary>
    public Action<ReadOnlyMemory<byte>>? FirstBytes { get; init; }

    /// <summary>Every byte arrives that much later; a change keeps the order.</summary>
    public TimeSpan Latency
    {
        set => Volatile.Write(ref latencyTicks, (long)(value.TotalSeconds * Stopwatch.Frequency));
    }

    /// <summary>From now on what arrives is thrown away, ends and errors included. For good: a TLS connection with a hole is of no use.</summary>
    public void Drop()
    {
        dropping = true;
        Release();
    }

    public void Hold()
    {
        lock (gate)
        {
            held ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Release()
    {
        lock (gate)
        {
            held?.SetResult();
            held = null;
        }
    }

    /// <summary>Ends after an orderly end was passed on (true), or when the connection has to be aborted (false).</summary>
    public async Task<bool> RunAsync(CancellationToken cancellation)
    {
        var reading = ReadAsync(cancellation);
        try
        {
            return await WriteAsync(cancellation);
        }
        finally
        {
            pieces.Writer.TryComplete();
            try
            {
                from.Dispose();
                await reading;
            }
            finally
            {
                while (pieces.Reader.TryRead(out var left))
                {
                    left.Return();
                }
            }
        }
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        var first = FirstBytes;
        while (true)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
            var piece = new Piece(buffer, -1, 0);
            try
            {
                var count = await from.ReceiveAsync(buffer.AsMemory(0, BufferLength), cancellation);
                piece = new Piece(buffer, count, Stopwatch.GetTimestamp() + Volatile.Read(ref latencyTicks));
                if (count > 0)
                {
                    first?.Invoke(buffer.AsMemory(0, count));
                    first = null;
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // Passed on as a reset, in its place after the bytes before it.
            }

            try
            {
                await pieces.Writer.WriteAsync(piece, cancellation);
            }
            catch (Exception e) when (e is ChannelClosedException or OperationCanceledException)
            {
                piece.Return();
                return;
            }

            if (piece.Length <= 0)
            {
                return;
            }
        }
    }

    private async Task<bool> WriteAsync(CancellationToken cancellation)
    {
        await foreach (var piece in pieces.Reader.ReadAllAsync(cancellation))
        {
            try
            {
                var early = piece.Due - Stopwatch.GetTimestamp();
                if (early > 0)
                {
                    await Task.Delay(TimeSpan.FromSeconds((double)early / Stopwatch.Frequency), cancellation);
                }

                while (Held() is { } wait)
                {
                    await wait.WaitAsync(cancellation);
                }

                if (dropping)
                {
                    if (piece.Length <= 0)
                    {
                        // Whoever closed does not know that nobody hears it; the cut's end ends us.
                        await Task.Delay(Timeout.Infinite, cancellation);
                    }
                }
                else if (piece.Length > 0)
                {
                    for (var sent = 0; sent < piece.Length;)
                    {
                        sent += await to.SendAsync(piece.Buffer.AsMemory(sent, piece.Length - sent), cancellation);
                    }
                }
                else
                {
                    if (piece.Length < 0)
                    {
                        return false;
                    }

                    to.Shutdown(SocketShutdown.Send);
                    return true;
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                if (!dropping)
                {
                    return false;
                }
            }
            finally
            {
                piece.Return();
            }
        }

        return true;
    }

    private Task? Held()
    {
        lock (gate)
        {
            return held?.Task;
        }
    }

    /// <param name="Length">0: orderly end; negative: reset.</param>
    private readonly record struct Piece(byte[] Buffer, int Length, long Due)
    {
        public void Return() => ArrayPool<byte>.Shared.Return(Buffer);
    }
}
