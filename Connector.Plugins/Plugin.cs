using System.Collections.Immutable;
using Connector.Protocol.Plugins;

namespace Connector.Plugins;

/// <summary>A configured discovery.</summary>
public static class Plugin
{
    /// <summary>
    /// The discoverers of a configuration, in a set order. Nothing is contacted yet, but for the metadata service of an EC2 instance when no AWS region is
    /// named anywhere: that blocks for two seconds at most.
    /// </summary>
    /// <param name="configuration">As <see cref="PluginConfigurationReader"/> has read it.</param>
    /// <exception cref="DiscoveryException">The configuration cannot work here.</exception>
    public static ImmutableArray<IDiscoverer> CreateDiscoverers(PluginConfiguration configuration, PluginEnvironment environment)
        => configuration.Present switch
        {
            [(_, AwsEc2DiscoveryConfiguration ec2)] => Aws.Ec2.Ec2Plugin.CreateDiscoverers(ec2, environment),
            [(_, AwsEcsDiscoveryConfiguration ecs)] => Aws.Ecs.EcsPlugin.CreateDiscoverers(ecs, environment),
            [(_, AwsEksDiscoveryConfiguration eks)] => Aws.Eks.EksPlugin.CreateDiscoverers(eks, environment),
            [(_, AwsRdsDiscoveryConfiguration rds)] => Aws.Rds.RdsPlugin.CreateDiscoverers(rds, environment),
            [(_, DockerDiscoveryConfiguration docker)] => Docker.DockerPlugin.CreateDiscoverers(docker, environment),
            [(_, KubernetesDiscoveryConfiguration kubernetes)] => Kubernetes.KubernetesPlugin.CreateDiscoverers(kubernetes, environment),
            [(_, NetworkDiscoveryConfiguration network)] => Network.NetworkPlugin.CreateDiscoverers(network, environment),
            _ => throw new DiscoveryException(DiscoveryFailure.Configuration, "The plugin's configuration must have the key of its type, and only that one"),
        };
}
