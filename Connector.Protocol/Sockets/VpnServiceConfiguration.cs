using System.Collections.Immutable;

namespace Connector.Protocol.Sockets;

/// <summary>Socket type vpn.</summary>
public sealed record VpnServiceConfiguration
{
    /// <summary>IPv4 CIDR.</summary>
    public string? DhcpPoolSubnet { get; init; }

    public ImmutableArray<string>? AdvertisedRoutes { get; init; }
}
