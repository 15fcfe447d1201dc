using System.Net;
using System.Net.Sockets;

namespace Connector.Actors.Reach;

/// <summary>
/// IPv4 addresses that an IPv6 address may carry traffic to through the host's own stack, a translator or a tunnel. A form is taken whether or
/// not such a translator exists here: the cost of being wrong is one refused dial.
/// </summary>
internal static class EmbeddedAddresses
{
    /// <summary>An IPv4-mapped address as IPv4; any other as it is, without a scope.</summary>
    public static IPAddress Normalize(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());
    }

    public static IEnumerable<IPAddress> Of(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            yield break;

        var bytes = address.GetAddressBytes();

        // IPv4-mapped ::ffff:a.b.c.d.
        if (IsZero(bytes, 0, 10) && bytes[10] == 0xff && bytes[11] == 0xff)
            yield return V4(bytes, 12);

        // IPv4-compatible ::a.b.c.d, without :: and ::1, which are addresses of their own.
        if (IsZero(bytes, 0, 12) && !(IsZero(bytes, 12, 3) && bytes[15] <= 1))
            yield return V4(bytes, 12);

        // IPv4-translated (SIIT) ::ffff:0:a.b.c.d.
        if (IsZero(bytes, 0, 8) && bytes[8] == 0xff && bytes[9] == 0xff && bytes[10] == 0 && bytes[11] == 0)
            yield return V4(bytes, 12);

        // 6to4 2002:aabb:ccdd::/48.
        if (bytes[0] == 0x20 && bytes[1] == 0x02)
            yield return V4(bytes, 2);

        // Teredo 2001:0::/32: the server, and the client with its bits flipped.
        if (bytes[0] == 0x20 && bytes[1] == 0x01 && bytes[2] == 0 && bytes[3] == 0)
        {
            yield return V4(bytes, 4);
            yield return new IPAddress([(byte)~bytes[12], (byte)~bytes[13], (byte)~bytes[14], (byte)~bytes[15]]);
        }

        // NAT64 64:ff9b::/96, and 64:ff9b:1::/48 (RFC 8215), where the operator chooses one of RFC 6052's positions.
        if (bytes[0] == 0 && bytes[1] == 0x64 && bytes[2] == 0xff && bytes[3] == 0x9b)
        {
            yield return V4(bytes, 12);
            if (bytes[4] == 0 && bytes[5] == 1)
            {
                yield return new IPAddress([bytes[6], bytes[7], bytes[9], bytes[10]]);
                yield return new IPAddress([bytes[7], bytes[9], bytes[10], bytes[11]]);
                yield return new IPAddress([bytes[9], bytes[10], bytes[11], bytes[12]]);
            }
        }

        // ISATAP: interface identifier [02]00:5efe:a.b.c.d under any prefix.
        if ((bytes[8] & 0xfd) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe)
            yield return V4(bytes, 12);
    }

    private static IPAddress V4(byte[] bytes, int offset) => new(bytes.AsSpan(offset, 4));

    private static bool IsZero(byte[] bytes, int offset, int count) => !bytes.AsSpan(offset, count).ContainsAnyExcept((byte)0);
}
