namespace Connector.Tests.Relay.Wire;

/// <summary>
/// One end of a lane in memory. Each direction can be held back (writes wait), made to swallow (one-sided cut) or cut after an exact number
/// of bytes, which ends both directions as a reset connection does.
/// </summary>
internal sealed class WireEnd : Stream
{
    private readonly Direction incoming;
    private readonly Direction outgoing;
    private TaskCompletionSource? held;
    private long written;

    private WireEnd(Direction incoming, Direction outgoing)
    {
        this.incoming = incoming;
        this.outgoing = outgoing;
    }

    public long Written => Interlocked.Read(ref written);

    /// <summary>Pieces written here that the other end has not read.</summary>
    public int Unread => outgoing.Pieces;

    /// <summary>The wire breaks once this many bytes were written here.</summary>
    public long CutAfter { get; init; } = long.MaxValue;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Behind <see cref="CutAfter"/> bytes go nowhere instead, and nobody is told.</summary>
    public bool Swallows { get; init; }

    /// <summary>What of a write gets through; a lane writes whole frames.</summary>
    public Func<byte[], byte[]>? Filter { get; set; }

    /// <summary>Runs before each write: a network that is slower than whoever writes.</summary>
    public Func<Task> BeforeWrite { get; set; } = static () => Task.CompletedTask;

    public static (WireEnd Near, WireEnd Far) Create(long cutNearAfter = long.MaxValue, long cutFarAfter = long.MaxValue, bool swallow = false)
    {
        Direction up = new(), down = new();
        return (new WireEnd(down, up) { CutAfter = cutNearAfter, Swallows = swallow }, new WireEnd(up, down) { CutAfter = cutFarAfter, Swallows = swallow });
    }

    /// <summary>Writes wait from now on, until released or disposed.</summary>
    public void Hold() => held ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release() => Interlocked.Exchange(ref held, null)?.TrySetResult();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => incoming.TakeAsync(buffer, cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Volatile.Read(ref held) is { } wait)
            await wait.Task.WaitAsync(cancellationToken);
        await BeforeWrite();
        if (Filter is { } filter)
            buffer = filter(buffer.ToArray());
        var room = CutAfter - Interlocked.Read(ref written);
        var part = buffer[..(int)Math.Min(buffer.Length, Math.Max(0, room))];
        if (!outgoing.Put(part.Span))
            throw new IOException("the wire is cut");
        Interlocked.Add(ref written, part.Length);
        if (Swallows || room > buffer.Length)
            return;
        Close();
        throw new IOException("the wire was cut");
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            Close();
    }

    private new void Close()
    {
        incoming.Close();
        outgoing.Close();
        held?.TrySetException(new ObjectDisposedException(nameof(WireEnd)));
    }

    private sealed class Direction
    {
        private readonly Lock gate = new();
        private readonly Queue<byte[]> pieces = new();
        private TaskCompletionSource? wake;
        private int taken;
        private bool closed;

        public int Pieces
        {
            get
            {
                lock (gate)
                    return closed ? 0 : pieces.Count;
            }
        }

        public bool Put(ReadOnlySpan<byte> bytes)
        {
            lock (gate)
            {
                if (closed)
                    return false;
                if (!bytes.IsEmpty)
                    pieces.Enqueue(bytes.ToArray());
                wake?.TrySetResult();
                wake = null;
                return true;
            }
        }

        public void Close()
        {
            lock (gate)
            {
                closed = true;
                wake?.TrySetResult();
                wake = null;
            }
        }

        public async ValueTask<int> TakeAsync(Memory<byte> into, CancellationToken cancellationToken)
        {
            while (true)
            {
                Task come;
                lock (gate)
                {
                    if (pieces.TryPeek(out var piece))
                    {
                        var length = Math.Min(into.Length, piece.Length - taken);
                        piece.AsMemory(taken, length).CopyTo(into);
                        taken += length;
                        if (taken == piece.Length)
                        {
                            pieces.Dequeue();
                            taken = 0;
                        }

                        return length;
                    }

                    if (closed)
                        return 0;
                    come = (wake ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                }

                await come.WaitAsync(cancellationToken);
            }
        }
    }
}
