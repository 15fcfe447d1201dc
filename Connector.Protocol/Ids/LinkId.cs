using System.Security.Cryptography;

namespace Connector.Protocol.Ids;

/// <summary>16 random bytes, made by the replica for each link.</summary>
public readonly record struct LinkId(Guid Value)
{
    public const int Size = 16;

    public static LinkId New() => Read(RandomNumberGenerator.GetBytes(Size));

    /// <summary>Reads exactly 16 bytes.</summary>
    public static LinkId Read(ReadOnlySpan<byte> bytes) => new(new Guid(bytes, bigEndian: true));

    public void Write(Span<byte> destination) => Value.TryWriteBytes(destination, bigEndian: true, out _);

    public override string ToString() => Value.ToString("N");
}
