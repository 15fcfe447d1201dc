using System.Text.Json;
using Connector.Protocol.Json;

namespace Connector.Protocol.Plugins;

/// <summary>A complete configuration of each type, to begin with.</summary>
public static class PluginDefaults
{
    private const int CloudMinutes = 15;
    private const int LocalMinutes = 5;

    /// <exception cref="ArgumentException">Not a plugin type.</exception>
    public static PluginConfiguration Of(string type) => type switch
    {
        PluginTypes.AwsEc2 => new PluginConfiguration
        {
            AwsEc2DiscoveryPluginConfiguration = new() { ScanIntervalMinutes = CloudMinutes, AwsRegions = [], IncludeWithStates = ["pending", "running"], CheckSsmStatus = true },
        },
        PluginTypes.AwsEcs => new PluginConfiguration { AwsEcsDiscoveryPluginConfiguration = new() { ScanIntervalMinutes = CloudMinutes, AwsRegions = [] } },
        PluginTypes.AwsEks => new PluginConfiguration { AwsEksDiscoveryPluginConfiguration = new() { ScanIntervalMinutes = CloudMinutes, AwsRegions = [] } },
        PluginTypes.AwsRds => new PluginConfiguration { AwsRdsDiscoveryPluginConfiguration = new() { ScanIntervalMinutes = CloudMinutes, AwsRegions = [], IncludeWithStatuses = [] } },
        PluginTypes.Docker => new PluginConfiguration { DockerDiscoveryPluginConfiguration = new() { ScanIntervalMinutes = LocalMinutes } },
        PluginTypes.Kubernetes => new PluginConfiguration { KubernetesDiscoveryPluginConfiguration = new() { ScanIntervalMinutes = LocalMinutes, Namespaces = [] } },
        PluginTypes.Network => new PluginConfiguration
        {
            NetworkDiscoveryPluginConfiguration = new()
            {
                ScanIntervalMinutes = CloudMinutes,
                Targets = [new NetworkDiscoveryConfiguration.ScanTarget { Target = "192.168.1.0/24", Ports = NetworkDiscoveryConfiguration.UsualPorts }],
            },
        },
        _ => throw new ArgumentException(PluginConfigurationReader.UnknownType(type), nameof(type)),
    };

    /// <summary>As the API and the control stream carry it.</summary>
    public static JsonElement Json(string type) => JsonSerializer.SerializeToElement(Of(type), WireJson.Options);
}
