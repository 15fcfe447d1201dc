using System.Buffers;
using System.Buffers.Binary;

namespace Connector.Server.Hosting;

/// <summary>What the first bytes of a connection are.</summary>
internal enum ClientHelloKind
{
    /// <summary>More bytes are needed.</summary>
    Incomplete,

    /// <summary>TLS, and the relay's protocol is not offered (or no ALPN at all).</summary>
    Other,

    /// <summary>TLS that offers the relay's protocol.</summary>
    RelayLane,

    /// <summary>Not TLS.</summary>
    NotTls,
}

/// <summary>Looks into a TLS ClientHello (RFC 8446 §4.1.2, RFC 7301) without consuming it. Reads bounded input only; whatever it cannot read is left to the TLS stack to refuse.</summary>
internal static class ClientHello
{
    /// <summary>Bytes that are looked at; a longer ClientHello is none of ours.</summary>
    public const int MaxSize = 16 * 1024;

    private const byte HandshakeRecord = 22;
    private const byte ClientHelloMessage = 1;
    private const int RecordHeader = 5;
    private const ushort AlpnExtension = 16;

    public static ClientHelloKind Read(ReadOnlySequence<byte> received, ReadOnlySpan<byte> relayProtocol)
    {
        if (received.IsEmpty)
        {
            return ClientHelloKind.Incomplete;
        }

        if (received.FirstSpan[0] != HandshakeRecord)
        {
            return ClientHelloKind.NotTls;
        }

        var size = (int)Math.Min(received.Length, MaxSize);
        var bytes = ArrayPool<byte>.Shared.Rent(size);
        var message = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            received.Slice(0, size).CopyTo(bytes);
            if (!TryJoinRecords(bytes.AsSpan(0, size), message, out var length, out var complete))
            {
                return ClientHelloKind.Other;
            }

            if (complete)
            {
                return Offers(message.AsSpan(0, length), relayProtocol) ? ClientHelloKind.RelayLane : ClientHelloKind.Other;
            }

            return received.Length >= MaxSize ? ClientHelloKind.Other : ClientHelloKind.Incomplete;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<byte>.Shared.Return(message);
        }
    }

    /// <summary>A ClientHello may be spread over several TLS records. False: not a ClientHello.</summary>
    private static bool TryJoinRecords(ReadOnlySpan<byte> bytes, Span<byte> message, out int length, out bool complete)
    {
        length = 0;
        complete = false;
        while (bytes.Length > RecordHeader)
        {
            if (bytes[0] != HandshakeRecord || bytes[1] != 3)
            {
                return false;
            }

            var recordLength = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
            if (recordLength == 0)
            {
                return false;
            }

            var fragment = bytes[RecordHeader..];
            fragment = fragment[..Math.Min(recordLength, fragment.Length)];
            fragment.CopyTo(message[length..]);
            length += fragment.Length;
            if (message[0] != ClientHelloMessage)
            {
                return false;
            }

            if (length >= 4 && length >= MessageLength(message))
            {
                length = MessageLength(message);
                complete = true;
                return true;
            }

            bytes = bytes[(RecordHeader + fragment.Length)..];
        }

        return true;
    }

    private static int MessageLength(ReadOnlySpan<byte> message) => 4 + (message[1] << 16 | message[2] << 8 | message[3]);

    private static bool Offers(ReadOnlySpan<byte> message, ReadOnlySpan<byte> protocol)
    {
        // type, length, version, random; then session id, cipher suites, compression methods, extensions, each with its length before it.
        var rest = message.Length >= 38 ? message[38..] : default;
        if (!TryTake(ref rest, 1, out _) || !TryTake(ref rest, 2, out _) || !TryTake(ref rest, 1, out _) || !TryTake(ref rest, 2, out var extensions))
        {
            return false;
        }

        while (extensions.Length >= 4)
        {
            var type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
            extensions = extensions[2..];
            if (!TryTake(ref extensions, 2, out var extension))
            {
                return false;
            }

            if (type != AlpnExtension)
            {
                continue;
            }

            if (!TryTake(ref extension, 2, out var names))
            {
                return false;
            }

            while (TryTake(ref names, 1, out var name))
            {
                if (name.SequenceEqual(protocol))
                {
                    return true;
                }
            }

            return false;
        }

        return false;
    }

    private static bool TryTake(scoped ref ReadOnlySpan<byte> rest, int lengthSize, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (rest.Length < lengthSize)
        {
            return false;
        }

        var length = lengthSize == 1 ? rest[0] : BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (rest.Length < lengthSize + length)
        {
            return false;
        }

        taken = rest.Slice(lengthSize, length);
        rest = rest[(lengthSize + length)..];
        return true;
    }
}
