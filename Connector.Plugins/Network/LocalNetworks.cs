using System.Collections.Immutable;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Connector.Plugins.Network;

/// <summary>What this machine's own addresses say about addresses that it cannot dial.</summary>
/// <param name="HasIpv6">Whether it has an address of IPv6 with which it could dial others.</param>
/// <param name="Nobodys">First and last addresses of its networks of IPv4: no host has them, and the system refuses to dial them.</param>
internal sealed record LocalNetworks(bool HasIpv6, ImmutableHashSet<IPAddress> Nobodys)
{
    private const int LongestPrefixWithBroadcast = 30;

    public static LocalNetworks OfThisMachine()
    {
        try
        {
            return Of([
                .. NetworkInterface.GetAllNetworkInterfaces()
                    .Where(static one => one.OperationalStatus != OperationalStatus.Down)
                    .SelectMany(static one => one.GetIPProperties().UnicastAddresses)
                    .Select(static own => (own.Address, own.PrefixLength)),
            ]);
        }
        catch (NetworkInformationException)
        {
            // Then nothing is explained away.
            return new LocalNetworks(true, []);
        }
    }

    public static LocalNetworks Of(IReadOnlyCollection<(IPAddress Address, int Prefix)> own) => new(
        own.Any(static one => one.Address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv6LinkLocal: false } address && !IPAddress.IsLoopback(address)),
        [
            .. own.Where(static one => one.Address.AddressFamily == AddressFamily.InterNetwork && one.Prefix is >= 0 and <= LongestPrefixWithBroadcast)
                .SelectMany(static one => Ends(one.Address, one.Prefix)),
        ]);

    private static IEnumerable<IPAddress> Ends(IPAddress address, int prefix)
    {
        var (first, last) = (address.GetAddressBytes(), address.GetAddressBytes());
        for (var bit = prefix; bit < first.Length * 8; bit++)
        {
            var mask = (byte)(0x80 >> (bit % 8));
            first[bit / 8] &= (byte)~mask;
            last[bit / 8] |= mask;
        }

        return [new IPAddress(first), new IPAddress(last)];
    }
}
