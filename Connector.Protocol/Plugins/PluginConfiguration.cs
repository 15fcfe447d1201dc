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
}
