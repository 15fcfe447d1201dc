using System.Buffers.Binary;
using System.Text;
using Connector.Relay.Lanes;

namespace Connector.Relay.Frames;

/// <summary>Reads a frame's content field by field; anything short, long or malformed is a protocol error.</summary>
internal ref struct ContentReader(ReadOnlySpan<byte> content)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private ReadOnlySpan<byte> rest = content;

    public readonly bool IsAtEnd => rest.IsEmpty;

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (rest.Length < count)
            throw new LaneProtocolException($"frame content ends {count - rest.Length} bytes early");
        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }

    public byte U8() => Bytes(1)[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16BigEndian(Bytes(2));

    public uint U32() => BinaryPrimitives.ReadUInt32BigEndian(Bytes(4));

    /// <summary>An offset or counter: at most 2^62, so that sums cannot overflow.</summary>
    public long U64()
    {
        var value = BinaryPrimitives.ReadUInt64BigEndian(Bytes(8));
        if (value > 1UL << 62)
            throw new LaneProtocolException($"number {value} is beyond what the protocol allows");
        return (long)value;
    }

    /// <summary>u16 length and UTF-8.</summary>
    public string Text(int maxBytes)
    {
        int length = U16();
        if (length > maxBytes)
            throw new LaneProtocolException($"a text of {length} bytes is longer than {maxBytes}");
        try
        {
            return Strict.GetString(Bytes(length));
        }
        catch (DecoderFallbackException)
        {
            throw new LaneProtocolException("a text is not valid UTF-8");
        }
    }

    public readonly void End()
    {
        if (!rest.IsEmpty)
            throw new LaneProtocolException($"frame content has {rest.Length} bytes too many");
    }
}
