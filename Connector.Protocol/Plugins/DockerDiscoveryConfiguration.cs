using System.Collections.Immutable;

namespace Connector.Protocol.Plugins;

/// <summary>Plugin type docker_discovery.</summary>
public sealed record DockerDiscoveryConfiguration
{
    /// <summary>Above 0.</summary>
    public int? ScanIntervalMinutes { get; init; }

    /// <summary>At least one entry must match; absent matches everything, an empty object nothing.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>>? IncludeWithLabels { get; init; }

    public ImmutableDictionary<string, ImmutableArray<string>>? ExcludeWithLabels { get; init; }
}
