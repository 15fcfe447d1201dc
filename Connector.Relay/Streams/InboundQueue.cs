using Connector.Relay.Memory;

namespace Connector.Relay.Streams;

/// <summary>What a stream has received and its stage has not taken: pieces in order, and pieces ahead of a gap. Not thread-safe: under the stream's lock.</summary>
internal sealed class InboundQueue
{
    private const int MaxPiecesAhead = 64;

    private readonly Queue<RelayBuffer> ready = new(0);
    private SortedList<long, RelayBuffer>? ahead;
    private RelayBuffer? tail;
    private ReceiveWindow window;

    /// <summary>Offsets of this direction.</summary>
    public ref ReceiveWindow Window => ref window;

    public bool HasReady => ready.Count > 0;

    public RelayBuffer? Take()
    {
        if (!ready.TryDequeue(out var buffer))
            return null;
        if (buffer == tail)
            tail = null;
        return buffer;
    }

    /// <summary>Takes a piece in: what is known is dropped, what is next becomes ready, what is ahead is held while there is room.</summary>
    /// <param name="following">Bytes of the same frame that are still to come.</param>
    /// <exception cref="Lanes.LaneProtocolException">Beyond the limit, or behind the final offset.</exception>
    public Arrival Put(long offset, ReadOnlySpan<byte> bytes, int following, StreamAccount account)
    {
        var (skip, isNext) = window.Judge(offset, bytes.Length);
        if (!isNext)
            return Hold(offset, bytes, account) ? Arrival.Held : Arrival.Dropped;
        Append(bytes[skip..], following, account);
        if (ahead is not null)
            TakeAhead(account);
        return Arrival.Taken;
    }

    public void ReturnAll()
    {
        tail = null;
        foreach (var buffer in ready)
            buffer.Return();
        ready.Clear();
        if (ahead is not null)
        {
            foreach (var buffer in ahead.Values)
                buffer.Return();
        }

        ahead = null;
    }

    private void Append(ReadOnlySpan<byte> bytes, int following, StreamAccount account)
    {
        window.Take(bytes.Length);
        while (!bytes.IsEmpty)
        {
            // Small frames fill up the last piece that the stage has not taken yet, so memory stays near the window whatever the frame sizes.
            if (tail is null || tail.Length == tail.Capacity)
            {
                tail = account.RentPromised(Math.Min(bytes.Length + following, BufferPool.Large));
                ready.Enqueue(tail);
            }

            var part = bytes[..Math.Min(bytes.Length, tail.Capacity - tail.Length)];
            part.CopyTo(tail.Free);
            tail.Length += part.Length;
            bytes = bytes[part.Length..];
        }
    }

    /// <summary>False when there is no room: the sender has to send it again (rule 2).</summary>
    private bool Hold(long offset, ReadOnlySpan<byte> bytes, StreamAccount account)
    {
        ahead ??= new SortedList<long, RelayBuffer>();
        if (bytes.IsEmpty || (ahead.TryGetValue(offset, out var known) && known.Length >= bytes.Length))
            return true;
        if (ahead.Count >= MaxPiecesAhead || ahead.ContainsKey(offset) || account.TryRent(BufferPool.SizeFor(bytes.Length)) is not { } piece)
            return false;
        bytes.CopyTo(piece.Free);
        piece.Length = bytes.Length;
        ahead.Add(offset, piece);
        return true;
    }

    private void TakeAhead(StreamAccount account)
    {
        while (ahead is { Count: > 0 } && ahead.GetKeyAtIndex(0) <= window.Received)
        {
            var (offset, piece) = (ahead.GetKeyAtIndex(0), ahead.GetValueAtIndex(0));
            ahead.RemoveAt(0);
            try
            {
                var (skip, _) = window.Judge(offset, piece.Length);
                Append(piece.Filled.Span[skip..], following: 0, account);
            }
            finally
            {
                // Also when it contradicts a FIN that came after it.
                piece.Return();
            }
        }
    }
}
