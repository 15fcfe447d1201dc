using System.Collections.Immutable;

namespace Connector.Protocol.Plugins;

/// <summary>Plugin type kubernetes_discovery.</summary>
public sealed record KubernetesDiscoveryConfiguration : IPluginConfiguration
{
    /// <summary>Above 0.</summary>
    public int? ScanIntervalMinutes { get; init; }

    public Credentials? KubernetesCredentials { get; init; }

    /// <summary>Empty: all that may be read. [ours; the original read "default"]</summary>
    public ImmutableArray<string>? Namespaces { get; init; }

    /// <summary>At least one entry must match; absent or empty matches everything.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>>? IncludeWithLabels { get; init; }

    public ImmutableDictionary<string, ImmutableArray<string>>? ExcludeWithLabels { get; init; }

    public sealed record Credentials
    {
        public string? MasterUrl { get; init; }

        /// <summary>A leading ~ is the home directory. Without both: in-cluster.</summary>
        public string? KubeconfigPath { get; init; }
    }
}
