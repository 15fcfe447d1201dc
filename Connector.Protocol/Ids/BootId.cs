using System.Security.Cryptography;

namespace Connector.Protocol.Ids;

/// <summary>16 random bytes, made once per process start.</summary>
public readonly record struct BootId(Guid Value)
{
    public const int Size = 16;

    public static BootId New() => Read(RandomNumberGenerator.GetBytes(Size));

    /// <summary>Reads exactly 16 bytes.</summary>
    public static BootId Read(ReadOnlySpan<byte> bytes) => new(new Guid(bytes, bigEndian: true));

    public void Write(Span<byte> destination) => Value.TryWriteBytes(destination, bigEndian: true, out _);

    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        Write(bytes);
        return bytes;
    }

    public override string ToString() => Value.ToString("N");
}
