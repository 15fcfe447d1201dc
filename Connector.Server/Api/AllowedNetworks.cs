using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Connector.Server.Api;

/// <summary>Reads allowed_ips: addresses and networks in CIDR notation, version 4 and 6.</summary>
internal static class AllowedNetworks
{
    public const int MaxCount = 1_000;

    /// <summary>In CIDR notation, without repetitions.</summary>
    public static ImmutableArray<string> Parse(string path, ImmutableArray<string> entries)
        => [.. entries.Select((entry, index) => Parse($"{path}[{index}]", entry.Trim())).Distinct()];

    private static string Parse(string path, string entry)
    {
        var slash = entry.IndexOf('/', StringComparison.Ordinal);
        var text = slash < 0 ? entry : entry[..slash];
        // The parser also takes "10.1" and "0x7f000001": an allow list is no place for guesses. Zones (fe80::1%eth0) mean nothing here.
        if (!IPAddress.TryParse(text, out var address) || text.Contains('%', StringComparison.Ordinal) || text.Contains('[', StringComparison.Ordinal)
            || (address.AddressFamily == AddressFamily.InterNetwork && address.ToString() != text))
        {
            throw Wrong(path, entry);
        }

        var bits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        var length = bits;
        if (slash >= 0 && (!int.TryParse(entry[(slash + 1)..], System.Globalization.NumberStyles.None, null, out length) || length > bits))
        {
            throw Wrong(path, entry);
        }

        if (address.IsIPv4MappedToIPv6)
        {
            // The edge sees such clients by their version 4 address.
            (address, length) = length >= 96 ? (address.MapToIPv4(), length - 96) : throw Wrong(path, entry);
        }

        var network = new IPNetwork(Masked(address, length), length);
        return network.BaseAddress.Equals(address)
            ? network.ToString()
            : throw ApiError.Invalid($"{path}: \"{entry}\" has bits beyond its length; did you mean {network} or {address}?");
    }

    private static IPAddress Masked(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }

    private static ApiError Wrong(string path, string entry)
        => ApiError.Invalid($"{path}: \"{entry}\" is neither an address nor a network like 192.0.2.0/24 or 2001:db8::/32");
}
