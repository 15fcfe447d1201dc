using System.Collections.Immutable;
using Connector.Protocol.Plugins;

namespace Connector.Plugins.Aws.Eks;

/// <summary>Plugin type aws_eks_discovery.</summary>
internal static class EksPlugin
{
    public static ImmutableArray<IDiscoverer> CreateDiscoverers(AwsEksDiscoveryConfiguration configuration, PluginEnvironment environment)
        => CreateDiscoverers(configuration, environment, AwsLimits.Default);

    internal static ImmutableArray<IDiscoverer> CreateDiscoverers(AwsEksDiscoveryConfiguration configuration, PluginEnvironment environment, AwsLimits limits)
        => [.. AwsAccess.Of(configuration, environment, limits).Select(access => new EksDiscoverer(access, configuration))];
}
