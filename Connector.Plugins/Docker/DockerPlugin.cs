using System.Collections.Immutable;
using Connector.Protocol.Plugins;

namespace Connector.Plugins.Docker;

internal static class DockerPlugin
{
    /// <exception cref="DiscoveryException">The address cannot be used.</exception>
    public static ImmutableArray<IDiscoverer> CreateDiscoverers(DockerDiscoveryConfiguration configuration, PluginEnvironment environment)
        => [new DockerDiscoverer(
            EngineAddress.Of(configuration, environment), new ResourceFilter(configuration.IncludeWithLabels, configuration.ExcludeWithLabels), environment)];
}
