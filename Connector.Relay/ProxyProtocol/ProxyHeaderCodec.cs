using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Connector.Relay.ProxyProtocol;

/// <summary>
/// The PROXY protocol's binary header, version 2, for TCP over IPv4 and IPv6
/// (https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt, section 2.2).
/// </summary>
public static class ProxyHeaderCodec
{
    /// <summary>Signature, version and command, family and transport, length of the rest.</summary>
    public const int FixedLength = 16;

    /// <summary>A header longer than this, its extensions included, is refused: the protocol's own advice for one that need not be kept whole.</summary>
    public const int MaxLength = 536;

    /// <summary>The longest that <see cref="Write"/> makes.</summary>
    public const int MaxWritten = FixedLength + Inet6Length;

    private const int InetLength = 12;
    private const int Inet6Length = 36;

    private static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Judges the first bytes of a connection while they come in.</summary>
    /// <param name="start">What has come, at most <see cref="FixedLength"/> bytes.</param>
    /// <exception cref="ProxyHeaderException">This cannot become a header.</exception>
    public static void CheckStart(ReadOnlySpan<byte> start)
    {
        var length = Math.Min(start.Length, Signature.Length);
        if (!start[..length].SequenceEqual(Signature[..length]))
        {
            throw new ProxyHeaderException(start.StartsWith("PROXY"u8)
                ? "a PROXY protocol header of version 1 (text) came, only version 2 (binary) is taken: set the load balancer to version 2"
                : $"no PROXY protocol header came, the connection began with {Show(start)}: set the load balancer to send version 2, or take its address out of proxy_protocol_from");
        }

        if (start.Length > 12 && start[12] is not (0x20 or 0x21))
            throw new ProxyHeaderException($"a PROXY protocol header with version and command 0x{start[12]:x2} came; version 2 with LOCAL (0x20) or PROXY (0x21) is taken");
        if (start.Length > 13 && start[12] == 0x21 && start[13] is not (0x11 or 0x21 or 0x00))
        {
            throw new ProxyHeaderException(
                $"a PROXY protocol header with family and transport 0x{start[13]:x2} came; TCP over IPv4 (0x11), TCP over IPv6 (0x21) and unspecified (0x00) are taken");
        }
    }

    /// <summary>Length of the rest, from a whole fixed part that <see cref="CheckStart"/> has passed.</summary>
    /// <exception cref="ProxyHeaderException">Too long, or too short for its addresses.</exception>
    public static int RestLength(ReadOnlySpan<byte> start)
    {
        var length = BinaryPrimitives.ReadUInt16BigEndian(start[14..]);
        if (FixedLength + length > MaxLength)
            throw new ProxyHeaderException($"a PROXY protocol header of {FixedLength + length} bytes came; at most {MaxLength} are taken");
        if (start[12] == 0x21 && length < AddressLength(start[13]))
            throw new ProxyHeaderException($"a PROXY protocol header came whose {length} bytes are too few for its addresses");
        return length;
    }

    /// <summary>Reads a whole header.</summary>
    /// <exception cref="ProxyHeaderException">It is none, too long, or longer or shorter than it says.</exception>
    public static ProxyHeader Read(ReadOnlySpan<byte> header)
    {
        CheckStart(header[..Math.Min(header.Length, FixedLength)]);
        if (header.Length < FixedLength || header.Length != FixedLength + RestLength(header))
            throw new ProxyHeaderException($"a PROXY protocol header came that is not as long as it says ({header.Length} bytes)");
        var rest = header[FixedLength..];

        // What follows LOCAL and unspecified is nobody's address; it is skipped as it is.
        if (header[12] == 0x20)
            return new ProxyHeader(true, null, null);
        if (header[13] == 0x00)
            return new ProxyHeader(false, null, null);
        CheckExtensions(rest[AddressLength(header[13])..]);
        var size = header[13] == 0x11 ? 4 : 16;
        return new ProxyHeader(
            false,
            new IPEndPoint(Address(rest[..size]), BinaryPrimitives.ReadUInt16BigEndian(rest[(2 * size)..])),
            new IPEndPoint(Address(rest[size..(2 * size)]), BinaryPrimitives.ReadUInt16BigEndian(rest[((2 * size) + 2)..])));
    }

    /// <summary>Writes a header for a TCP connection from source to destination; when the families differ, both are written as IPv6.</summary>
    /// <param name="into">At least <see cref="MaxWritten"/> bytes.</param>
    /// <returns>Its length.</returns>
    public static int Write(Span<byte> into, IPEndPoint source, IPEndPoint destination)
    {
        IPAddress from = Plain(source.Address), to = Plain(destination.Address);
        var inet = from.AddressFamily == AddressFamily.InterNetwork && to.AddressFamily == AddressFamily.InterNetwork;
        if (!inet)
            (from, to) = (from.MapToIPv6(), to.MapToIPv6());
        var size = inet ? 4 : 16;
        var length = inet ? InetLength : Inet6Length;
        Signature.CopyTo(into);
        into[12] = 0x21;
        into[13] = inet ? (byte)0x11 : (byte)0x21;
        BinaryPrimitives.WriteUInt16BigEndian(into[14..], (ushort)length);
        from.TryWriteBytes(into[16..], out _);
        to.TryWriteBytes(into[(16 + size)..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(into[(16 + (2 * size))..], (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(into[(18 + (2 * size))..], (ushort)destination.Port);
        return FixedLength + length;
    }

    private static int AddressLength(byte family) => family switch { 0x11 => InetLength, 0x21 => Inet6Length, _ => 0 };

    /// <summary>Type, length, value, and so on to the end. What they say is not used here.</summary>
    private static void CheckExtensions(ReadOnlySpan<byte> extensions)
    {
        while (!extensions.IsEmpty)
        {
            if (extensions.Length < 3 || extensions.Length < 3 + BinaryPrimitives.ReadUInt16BigEndian(extensions[1..]))
                throw new ProxyHeaderException("a PROXY protocol header came whose extensions (TLV) are cut short");
            extensions = extensions[(3 + BinaryPrimitives.ReadUInt16BigEndian(extensions[1..]))..];
        }
    }

    private static IPAddress Address(ReadOnlySpan<byte> bytes) => Plain(new IPAddress(bytes));

    // IPv4 as itself, and no scope: it means nothing on another machine.
    private static IPAddress Plain(IPAddress address)
        => address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
            : address is { AddressFamily: AddressFamily.InterNetworkV6, ScopeId: not 0 } ? new IPAddress(address.GetAddressBytes())
            : address;

    private static string Show(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder("\"");
        foreach (var b in bytes)
            text = b is >= 0x20 and < 0x7f and not ((byte)'"' or (byte)'\\') ? text.Append((char)b) : text.Append($"\\x{b:x2}");
        return text.Append('"').ToString();
    }
}
