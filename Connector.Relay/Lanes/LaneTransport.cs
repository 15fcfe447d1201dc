using System.Buffers;
using System.Net.Sockets;

namespace Connector.Relay.Lanes;

/// <summary>
/// The TCP connection under a lane's TLS. TLS makes records of 16 KiB and would send and receive each by itself; here full records are
/// gathered until the flush behind a batch, and what the kernel has is taken in one piece. An idle lane owns no buffer. One reader and one
/// writer at a time, as for any stream.
/// </summary>
public sealed class LaneTransport(Socket socket) : Stream
{
    private const int GatherSize = 160 << 10;
    private const int ReceiveSize = 128 << 10;

    /// <summary>From this size on a write is a full TLS record, so more is likely to follow.</summary>
    private const int FullRecord = 16 << 10;

    private byte[]? gathered;
    private int gatheredLength;
    private byte[]? received;
    private int receivedStart;
    private int receivedEnd;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (received is null)
        {
            // Wait first, then take memory.
            await ReceiveAsync(Memory<byte>.Empty, cancellationToken).ConfigureAwait(false);
            if (buffer.IsEmpty)
                return 0;
            received = ArrayPool<byte>.Shared.Rent(ReceiveSize);
            receivedStart = 0;
            receivedEnd = await ReceiveAsync(received, cancellationToken).ConfigureAwait(false);
        }
        else if (buffer.IsEmpty)
        {
            return 0;
        }

        var taken = Math.Min(buffer.Length, receivedEnd - receivedStart);
        received.AsSpan(receivedStart, taken).CopyTo(buffer.Span);
        receivedStart += taken;
        if (receivedStart == receivedEnd)
            ReturnReceived();
        return taken;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (gathered is null && buffer.Length < FullRecord)
        {
            await SendAsync(buffer, cancellationToken).ConfigureAwait(false);
            return;
        }

        gathered ??= ArrayPool<byte>.Shared.Rent(GatherSize);
        while (!buffer.IsEmpty)
        {
            var part = buffer[..Math.Min(buffer.Length, GatherSize - gatheredLength)];
            part.CopyTo(gathered.AsMemory(gatheredLength));
            gatheredLength += part.Length;
            buffer = buffer[part.Length..];
            if (gatheredLength == GatherSize)
                await SendGatheredAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        if (gathered is null)
            return;
        await SendGatheredAsync(cancellationToken).ConfigureAwait(false);
        ArrayPool<byte>.Shared.Return(gathered);
        gathered = null;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // TLS writes its farewell synchronously when it is disposed; lanes never read or write this way.
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("a lane's transport is asynchronous");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("a lane's transport is asynchronous");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        // Buffers of an operation under way are left to the collector: the operation may still write into them.
        if (disposing)
            socket.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask SendGatheredAsync(CancellationToken cancellationToken)
    {
        var length = gatheredLength;
        gatheredLength = 0;
        await SendAsync(gathered.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            while (!buffer.IsEmpty)
                buffer = buffer[await socket.SendAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false)..];
        }
        catch (SocketException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException failure)
        {
            throw new IOException(failure.Message, failure);
        }
    }

    private void ReturnReceived()
    {
        ArrayPool<byte>.Shared.Return(received!);
        received = null;
    }
}
