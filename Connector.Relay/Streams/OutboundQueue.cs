using System.Buffers.Binary;
using Connector.Relay.Frames;
using Connector.Relay.Memory;

namespace Connector.Relay.Streams;

/// <summary>
/// What a stream sends: every piece from its arrival until the peer has consumed it, so that it can be sent again on another lane. A ring of
/// buffers in the order of their offsets, with a cursor at the next byte to send. Not thread-safe: under the stream's lock.
/// </summary>
internal sealed class OutboundQueue
{
    private RelayBuffer?[] ring = [];
    private SendWindow window;
    private int head;
    private int count;
    private int cursor;
    private int cursorByte;
    private long queued;

    /// <summary>Offsets of this direction.</summary>
    public ref SendWindow Window => ref window;

    /// <summary>All bytes that were given to it.</summary>
    public long Queued => queued;

    /// <summary>Bytes that wait to be sent.</summary>
    public long Unsent => queued - window.Next;

    public void Add(RelayBuffer buffer)
    {
        queued += buffer.Length;
        buffer.EndOffset = queued;
        if (count == ring.Length)
            Enlarge();
        ring[(head + count) & (ring.Length - 1)] = buffer;
        count++;
    }

    /// <returns>Whether it brought anything new.</returns>
    /// <exception cref="Lanes.LaneProtocolException">It acknowledges what was never sent.</exception>
    public bool Credit(long consumed, long limit)
    {
        var before = window.Next;
        var news = window.Credit(consumed, limit);
        ReturnConsumed();
        if (window.Next != before)
            Seek();
        return news;
    }

    /// <summary>Goes back to what the peer has.</summary>
    /// <returns>Bytes that are sent again.</returns>
    /// <exception cref="Lanes.LaneProtocolException">The peer claims more than was sent.</exception>
    public long Rewind(long received)
    {
        var back = window.Rewind(received);
        if (back > 0)
            Seek();
        return back;
    }

    /// <summary>The peer has everything, the half-close included. False when not everything was sent.</summary>
    public bool Finished()
    {
        if (!window.Finished())
            return false;
        ReturnConsumed();
        Seek();
        return true;
    }

    /// <summary>Writes one DATA frame with what is next.</summary>
    /// <param name="most">Bytes of data at most; credit and the batch's room may allow less.</param>
    /// <returns>Bytes of data written; 0 when there is none to send, -1 when the batch has no room for it.</returns>
    public int WriteNext(uint stream, int most, Span<byte> batch, ref int position)
    {
        const int fixedSize = FrameLimits.HeaderSize + FrameLimits.DataFixed;
        if (cursor == count)
            return 0;
        var buffer = ring[(head + cursor) & (ring.Length - 1)]!;
        var length = (int)Math.Min(Math.Min(buffer.Length - cursorByte, most), window.Sendable);
        if (length <= 0)
            return 0;
        var room = batch.Length - position - fixedSize;
        if (room < Math.Min(length, 4096))
            return -1;
        length = Math.Min(length, room);
        new FrameHeader(FrameType.Data, stream, FrameLimits.DataFixed + length).Write(batch[position..]);
        BinaryPrimitives.WriteInt64BigEndian(batch[(position + FrameLimits.HeaderSize)..], window.Next);
        buffer.Array.AsSpan(cursorByte, length).CopyTo(batch[(position + fixedSize)..]);
        position += fixedSize + length;
        window.Send(length);
        cursorByte += length;
        if (cursorByte == buffer.Length)
        {
            cursor++;
            cursorByte = 0;
        }

        return length;
    }

    public void ReturnAll()
    {
        for (; count > 0; count--)
            TakeHead().Return();
        cursor = 0;
        cursorByte = 0;
        ring = [];
    }

    private void ReturnConsumed()
    {
        while (count > 0 && ring[head]!.EndOffset <= window.Consumed)
        {
            TakeHead().Return();
            count--;
            if (cursor > 0)
                cursor--;
            else
                cursorByte = 0;
        }
    }

    private RelayBuffer TakeHead()
    {
        var buffer = ring[head]!;
        ring[head] = null;
        head = (head + 1) & (ring.Length - 1);
        return buffer;
    }

    /// <summary>Puts the cursor on the window's next byte.</summary>
    private void Seek()
    {
        cursorByte = 0;
        for (cursor = 0; cursor < count; cursor++)
        {
            var buffer = ring[(head + cursor) & (ring.Length - 1)]!;
            if (buffer.EndOffset > window.Next)
            {
                cursorByte = (int)(window.Next - (buffer.EndOffset - buffer.Length));
                return;
            }
        }
    }

    private void Enlarge()
    {
        var larger = new RelayBuffer?[Math.Max(2, ring.Length * 2)];
        for (var i = 0; i < count; i++)
            larger[i] = ring[(head + i) & (ring.Length - 1)];
        ring = larger;
        head = 0;
    }
}
