using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Connector.Protocol.Plugins;

namespace Connector.Plugins.Network;

/// <summary>What a target means where and when it is scanned.</summary>
/// <param name="HostName">What a host is called that was named, for servers that answer only under their name.</param>
/// <param name="Warnings">What is not scanned although the name could mean it.</param>
internal sealed record ScanAddresses(ImmutableArray<AddressRange> Ranges, string? HostName, ImmutableArray<string> Warnings)
{
    private static readonly TimeSpan NameLimit = TimeSpan.FromSeconds(5);

    public UInt128 Count => Ranges.Aggregate(UInt128.Zero, static (sum, range) => sum + range.Count);

    /// <param name="most">More are refused.</param>
    /// <exception cref="DiscoveryException">The name means nothing here, or too much.</exception>
    public static async Task<ScanAddresses> OfAsync(ScanTargetText target, int most, TimeProvider time, CancellationToken cancellationToken)
    {
        var addresses = target switch
        {
            ScanTargetText.Addresses range => new ScanAddresses([range.Range], null, []),
            ScanTargetText.Name { Value: var name } when Interface(name) is { } found => OfInterface(found, most),
            ScanTargetText.Name { Value: var name } => await OfHostAsync(name, time, cancellationToken).ConfigureAwait(false),
            _ => throw new InvalidOperationException("a kind of target that is not scanned"),
        };
        return addresses.Count <= (UInt128)most
            ? addresses
            : throw new DiscoveryException(
                DiscoveryFailure.Configuration,
                $"The target has {addresses.Count.ToString(CultureInfo.InvariantCulture)} addresses, {most} are the most that are scanned; scan less, or raise max_addresses");
    }

    private static NetworkInterface? Interface(string name)
        => NetworkInterface.GetAllNetworkInterfaces().FirstOrDefault(one => string.Equals(one.Name, name, StringComparison.Ordinal));

    private static ScanAddresses OfInterface(NetworkInterface found, int most)
    {
        var networks = found.GetIPProperties().UnicastAddresses
            .Where(static own => own.Address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 && !own.Address.IsIPv6LinkLocal)
            .Select(static own => Network(own.Address, own.PrefixLength))
            .Distinct()
            .ToList();

        // Nobody can scan a /64, and every interface with IPv6 has one.
        var vast = networks
            .Where(network => network.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 && AddressRange.HostsOf(network).Count > (UInt128)most)
            .ToList();
        return networks.Count > 0
            ? new ScanAddresses(
                AddressRange.Merged(networks.Except(vast).Select(AddressRange.HostsOf)),
                null,
                [.. vast.Select(network => $"The network {network} of the interface {found.Name} is too large to be scanned; name the addresses in it that matter")])
            : throw new DiscoveryException(DiscoveryFailure.Unreachable, $"The interface {found.Name} has no addresses now; see whether it is up (ip addr)");
    }

    private static IPNetwork Network(IPAddress address, int prefix)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = prefix; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(bytes), prefix);
    }

    private static async Task<ScanAddresses> OfHostAsync(string name, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new TimeLimit(NameLimit, time, cancellationToken);
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(name, limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
            if (addresses.Length > 0)
            {
                return new ScanAddresses(AddressRange.Merged(addresses.Select(static address => AddressRange.Of(address, address))), name, []);
            }
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested && failure is SocketException or ArgumentException or OperationCanceledException)
        {
            throw Unknown(name, failure);
        }

        throw Unknown(name, null);
    }

    private static DiscoveryException Unknown(string name, Exception? failure) => new(
        DiscoveryFailure.Unreachable,
        $"The target {name} is neither an interface of this machine nor a host that a name server knows; check the name (ip addr, getent hosts {name})",
        failure);
}
