using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Connector.Protocol.Ids;

/// <summary>16 random bytes, made once per start of a replica's group system: a member that was removed from its group comes back under another.</summary>
public readonly record struct GroupBootId(Guid Value)
{
    public const int Size = 16;

    public static GroupBootId New() => Read(RandomNumberGenerator.GetBytes(Size));

    /// <summary>Reads exactly 16 bytes.</summary>
    public static GroupBootId Read(ReadOnlySpan<byte> bytes) => new(new Guid(bytes, bigEndian: true));

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out GroupBootId id)
    {
        var parsed = Guid.TryParseExact(text, "N", out var value);
        id = new GroupBootId(value);
        return parsed;
    }

    public void Write(Span<byte> destination) => Value.TryWriteBytes(destination, bigEndian: true, out _);

    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        Write(bytes);
        return bytes;
    }

    public override string ToString() => Value.ToString("N");
}
