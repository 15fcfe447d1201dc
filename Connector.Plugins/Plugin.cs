using System.Collections.Immutable;
using Connector.Protocol.Plugins;

namespace Connector.Plugins;

/// <summary>A configured discovery.</summary>
public static class Plugin
{
    /// <summary>The discoverers of a configuration, in a set order. Nothing is contacted yet.</summary>
    /// <param name="configuration">As <see cref="PluginConfigurationReader"/> has read it.</param>
    /// <exception cref="DiscoveryException">The configuration cannot work here.</exception>
    public static ImmutableArray<IDiscoverer> CreateDiscoverers(PluginConfiguration configuration, PluginEnvironment environment)
        => configuration.Present switch
        {
            [(_, DockerDiscoveryConfiguration docker)] => Docker.DockerPlugin.CreateDiscoverers(docker, environment),
            [(_, KubernetesDiscoveryConfiguration kubernetes)] => Kubernetes.KubernetesPlugin.CreateDiscoverers(kubernetes, environment),
            [(_, NetworkDiscoveryConfiguration network)] => Network.NetworkPlugin.CreateDiscoverers(network, environment),
            _ => throw new DiscoveryException(DiscoveryFailure.Configuration, "The plugin's configuration must have the key of its type, and only that one"),
        };
}
