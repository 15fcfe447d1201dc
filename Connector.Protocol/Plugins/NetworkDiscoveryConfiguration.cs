using System.Collections.Immutable;

namespace Connector.Protocol.Plugins;

/// <summary>Plugin type network_discovery.</summary>
public sealed record NetworkDiscoveryConfiguration : IPluginConfiguration
{
    /// <summary>Of one target, unless <see cref="MaxAddresses"/> says more.</summary>
    public const int UsualAddresses = 65_536;

    public const int MostAddresses = 16_777_216;

    public const int UsualProbesPerSecond = 200;

    public const int MostProbesPerSecond = 100_000;

    public const int UsualInFlight = 1_000;

    public const int MostInFlight = 10_000;

    public const int MostPorts = 1_000;

    /// <summary>Ports of the services that are known.</summary>
    public static readonly ImmutableArray<int> UsualPorts = [22, 80, 443, 3306, 3389, 5432, 5900, 8080, 8443];

    /// <summary>Above 0.</summary>
    public int? ScanIntervalMinutes { get; init; }

    public ImmutableArray<ScanTarget>? Targets { get; init; }

    /// <summary>Addresses of one target, at most; absent: 65,536. [ours]</summary>
    public int? MaxAddresses { get; init; }

    /// <summary>Of the whole plugin; absent: 200. [ours]</summary>
    public int? ProbesPerSecond { get; init; }

    /// <summary>Probes in flight at once; absent: 1,000. [ours]</summary>
    public int? MaxInFlight { get; init; }

    public sealed record ScanTarget
    {
        /// <summary>CIDR, range, address, local interface or host name.</summary>
        public string? Target { get; init; }

        /// <summary>Empty: the usual ports of the services that are known.</summary>
        public ImmutableArray<int>? Ports { get; init; }
    }
}
