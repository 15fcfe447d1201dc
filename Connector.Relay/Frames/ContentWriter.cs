using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Connector.Relay.Frames;

/// <summary>Builds one whole control frame as an array: header, then fields in order.</summary>
internal sealed class ContentWriter
{
    private readonly ArrayBufferWriter<byte> writer = new(64);

    public ContentWriter() => writer.Advance(Clear(FrameLimits.HeaderSize));

    public ContentWriter U8(byte value)
    {
        writer.GetSpan(1)[0] = value;
        writer.Advance(1);
        return this;
    }

    public ContentWriter U16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(writer.GetSpan(2), value);
        writer.Advance(2);
        return this;
    }

    public ContentWriter U32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(writer.GetSpan(4), value);
        writer.Advance(4);
        return this;
    }

    public ContentWriter U64(long value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(writer.GetSpan(8), (ulong)value);
        writer.Advance(8);
        return this;
    }

    public ContentWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        writer.Write(bytes);
        return this;
    }

    /// <summary>u16 length and UTF-8. Text beyond the limit is cut at a character boundary: it is for people.</summary>
    public ContentWriter Text(string text, int maxBytes)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var length = bytes.Length;
        if (length > maxBytes)
        {
            length = maxBytes;
            while (length > 0 && (bytes[length] & 0xC0) == 0x80)
                length--;
        }

        return U16((ushort)length).Bytes(bytes.AsSpan(0, length));
    }

    /// <exception cref="ArgumentException">The text is longer than the limit: identifiers may not be cut.</exception>
    public ContentWriter Identifier(string text, int maxBytes)
    {
        if (Encoding.UTF8.GetByteCount(text) > maxBytes)
            throw new ArgumentException($"an identifier is longer than {maxBytes} bytes");
        return Text(text, maxBytes);
    }

    public byte[] Frame(FrameType type, uint stream = 0)
    {
        var frame = writer.WrittenSpan.ToArray();
        var length = frame.Length - FrameLimits.HeaderSize;
        if (!FrameLimits.IsAllowed(type, (uint)length))
            throw new ArgumentException($"content of {length} bytes does not fit a {type} frame");
        new FrameHeader(type, stream, length).Write(frame);
        return frame;
    }

    private int Clear(int count)
    {
        writer.GetSpan(count)[..count].Clear();
        return count;
    }
}
