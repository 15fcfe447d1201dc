using System.Buffers.Binary;
using Connector.Relay.Lanes;

namespace Connector.Relay.Frames;

/// <summary>12 bytes, big-endian: type u8, flags u8, reserved u16 = 0, stream u32, length u32.</summary>
internal readonly record struct FrameHeader(FrameType Type, uint Stream, int Length)
{
    /// <exception cref="LaneProtocolException">Unknown type, flags or reserved bits set, or a length the type may not have.</exception>
    public static FrameHeader Read(ReadOnlySpan<byte> bytes)
    {
        var type = (FrameType)bytes[0];
        var length = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]);
        if (bytes[1] != 0 || bytes[2] != 0 || bytes[3] != 0)
            throw new LaneProtocolException($"frame of type 0x{bytes[0]:x2} has flags or reserved bits set");
        if (!FrameLimits.IsAllowed(type, length))
            throw new LaneProtocolException($"frame of type 0x{bytes[0]:x2} may not have a length of {length}");
        return new FrameHeader(type, BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), (int)length);
    }

    public void Write(Span<byte> destination)
    {
        destination[0] = (byte)Type;
        destination[1] = 0;
        destination[2] = 0;
        destination[3] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], Stream);
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], (uint)Length);
    }
}
