using System.Collections.Immutable;

namespace Connector.Protocol.Plugins;

/// <summary>Plugin type network_discovery.</summary>
public sealed record NetworkDiscoveryConfiguration
{
    /// <summary>Above 0.</summary>
    public int? ScanIntervalMinutes { get; init; }

    public ImmutableArray<ScanTarget>? Targets { get; init; }

    public sealed record ScanTarget
    {
        /// <summary>CIDR, range, address, local interface or host name.</summary>
        public string? Target { get; init; }

        public ImmutableArray<int>? Ports { get; init; }
    }
}
