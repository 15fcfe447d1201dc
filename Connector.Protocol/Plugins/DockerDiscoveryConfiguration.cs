using System.Collections.Immutable;

namespace Connector.Protocol.Plugins;

/// <summary>Plugin type docker_discovery.</summary>
public sealed record DockerDiscoveryConfiguration : IPluginConfiguration
{
    /// <summary>Above 0.</summary>
    public int? ScanIntervalMinutes { get; init; }

    /// <summary>Address of the engine (unix:// or tcp://); absent: that of DOCKER_HOST, else the local socket. [ours]</summary>
    public string? DockerHost { get; init; }

    /// <summary>At least one entry must match; absent or empty matches everything.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>>? IncludeWithLabels { get; init; }

    public ImmutableDictionary<string, ImmutableArray<string>>? ExcludeWithLabels { get; init; }
}
