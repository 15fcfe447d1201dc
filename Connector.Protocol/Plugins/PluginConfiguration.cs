using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Connector.Protocol.Plugins;

/// <summary><c>PluginConfig.config</c>: exactly one of these is present, the one of the plugin's type.</summary>
public sealed record PluginConfiguration
{
    public AwsEc2DiscoveryConfiguration? AwsEc2DiscoveryPluginConfiguration { get; init; }

    public AwsEcsDiscoveryConfiguration? AwsEcsDiscoveryPluginConfiguration { get; init; }

    public AwsEksDiscoveryConfiguration? AwsEksDiscoveryPluginConfiguration { get; init; }

    public AwsRdsDiscoveryConfiguration? AwsRdsDiscoveryPluginConfiguration { get; init; }

    public DockerDiscoveryConfiguration? DockerDiscoveryPluginConfiguration { get; init; }

    public KubernetesDiscoveryConfiguration? KubernetesDiscoveryPluginConfiguration { get; init; }

    public NetworkDiscoveryConfiguration? NetworkDiscoveryPluginConfiguration { get; init; }

    /// <summary>Those that are there, by their keys.</summary>
    [JsonIgnore]
    public ImmutableArray<(string Key, IPluginConfiguration Configuration)> Present =>
    [
        .. new (string Type, IPluginConfiguration? Configuration)[]
            {
                (PluginTypes.AwsEc2, AwsEc2DiscoveryPluginConfiguration), (PluginTypes.AwsEcs, AwsEcsDiscoveryPluginConfiguration),
                (PluginTypes.AwsEks, AwsEksDiscoveryPluginConfiguration), (PluginTypes.AwsRds, AwsRdsDiscoveryPluginConfiguration),
                (PluginTypes.Docker, DockerDiscoveryPluginConfiguration), (PluginTypes.Kubernetes, KubernetesDiscoveryPluginConfiguration),
                (PluginTypes.Network, NetworkDiscoveryPluginConfiguration),
            }
            .Where(entry => entry.Configuration is not null)
            .Select(entry => (PluginTypes.ConfigurationKey(entry.Type), entry.Configuration!)),
    ];
}
