using System.Collections.Immutable;
using Connector.Protocol.Plugins;

namespace Connector.Plugins.Kubernetes;

internal static class KubernetesPlugin
{
    /// <summary>One for each namespace that is named, or one for all.</summary>
    public static ImmutableArray<IDiscoverer> CreateDiscoverers(KubernetesDiscoveryConfiguration configuration, PluginEnvironment environment)
    {
        var access = new ClusterAccess(configuration.KubernetesCredentials, environment);
        var filter = new ResourceFilter(configuration.IncludeWithLabels, configuration.ExcludeWithLabels);
        string?[] namespaces = configuration.Namespaces is { IsDefault: false } named ? [.. named.Where(static one => !string.IsNullOrEmpty(one)).Distinct()] : [];
        namespaces = namespaces is [] ? [null] : namespaces;
        return [.. namespaces.Select(one => new KubernetesDiscoverer(access, one, filter, environment.Time))];
    }
}
