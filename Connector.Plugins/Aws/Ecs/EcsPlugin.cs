using System.Collections.Immutable;
using Connector.Protocol.Plugins;

namespace Connector.Plugins.Aws.Ecs;

/// <summary>Plugin type aws_ecs_discovery.</summary>
internal static class EcsPlugin
{
    public static ImmutableArray<IDiscoverer> CreateDiscoverers(AwsEcsDiscoveryConfiguration configuration, PluginEnvironment environment)
        => CreateDiscoverers(configuration, environment, AwsLimits.Default);

    internal static ImmutableArray<IDiscoverer> CreateDiscoverers(AwsEcsDiscoveryConfiguration configuration, PluginEnvironment environment, AwsLimits limits)
        => [.. AwsAccess.Of(configuration, environment, limits).Select(access => new EcsDiscoverer(access, configuration))];
}
