using System.Collections.Immutable;

namespace Connector.Protocol.Sockets;

/// <summary>Socket type subnet_router.</summary>
public sealed record SubnetRouterServiceConfiguration
{
    public ImmutableArray<string>? Ipv4CidrRanges { get; init; }

    public ImmutableArray<string>? Ipv6CidrRanges { get; init; }

    /// <summary>A name, or *.domain.</summary>
    public ImmutableArray<string>? DnsPatterns { get; init; }
}
