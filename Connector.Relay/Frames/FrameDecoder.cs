using System.Buffers.Binary;
using Connector.Relay.Lanes;

namespace Connector.Relay.Frames;

/// <summary>
/// Splits a lane's bytes into frames. Pure: it keeps only how much of a DATA frame is still to come, so a large frame need never be
/// gathered. What it does not consume must be offered again with more behind it.
/// </summary>
internal sealed class FrameDecoder
{
    private uint dataStream;
    private long dataOffset;
    private int dataLeft;

    /// <summary>Longest input that may be left unconsumed: the caller's buffer must hold it and one byte more.</summary>
    public const int MaxPending = FrameLimits.HeaderSize + FrameLimits.MaxControl;

    /// <returns>Bytes consumed.</returns>
    /// <exception cref="LaneProtocolException">Undecodable; the lane must end.</exception>
    public int Decode(ReadOnlySpan<byte> input, IFrameSink sink)
    {
        var consumed = 0;
        while (true)
        {
            var rest = input[consumed..];
            if (dataLeft > 0)
            {
                if (rest.IsEmpty)
                    return consumed;
                var part = rest[..Math.Min(dataLeft, rest.Length)];
                sink.Data(dataStream, dataOffset, part, dataLeft - part.Length);
                dataOffset += part.Length;
                dataLeft -= part.Length;
                consumed += part.Length;
                continue;
            }

            if (rest.Length < FrameLimits.HeaderSize)
                return consumed;
            var header = FrameHeader.Read(rest);
            var content = rest[FrameLimits.HeaderSize..];
            if (header.Type == FrameType.Data)
            {
                if (content.Length < FrameLimits.DataFixed)
                    return consumed;
                var offset = BinaryPrimitives.ReadUInt64BigEndian(content);
                if (offset > 1UL << 62)
                    throw new LaneProtocolException($"DATA offset {offset} is beyond what the protocol allows");
                dataStream = header.Stream;
                dataOffset = (long)offset;
                dataLeft = header.Length - FrameLimits.DataFixed;
                consumed += FrameLimits.HeaderSize + FrameLimits.DataFixed;
                if (dataLeft == 0)
                    sink.Data(dataStream, dataOffset, default, 0);
                continue;
            }

            if (content.Length < header.Length)
                return consumed;
            sink.Control(header, content[..header.Length]);
            consumed += FrameLimits.HeaderSize + header.Length;
        }
    }
}
