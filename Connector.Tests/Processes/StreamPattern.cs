using System.Buffers.Binary;

namespace Connector.Tests.Processes;

/// <summary>Bytes that follow from a stream's seed and the place in it: a lost, doubled, moved or foreign byte does not fit.</summary>
internal static class StreamPattern
{
    public const int BlockLength = 4096;

    public static void Fill(Span<byte> block, ulong seed, long index)
    {
        var state = seed ^ ((ulong)index * 0x9E37_79B9_7F4A_7C15);
        for (var offset = 0; offset < block.Length; offset += sizeof(ulong))
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            BinaryPrimitives.WriteUInt64BigEndian(block[offset..], state + (ulong)index);
        }
    }
}
