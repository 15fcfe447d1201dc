using System.Collections.Immutable;
using Connector.Protocol.Plugins;

namespace Connector.Plugins.Aws.Rds;

/// <summary>Plugin type aws_rds_discovery.</summary>
internal static class RdsPlugin
{
    public static ImmutableArray<IDiscoverer> CreateDiscoverers(AwsRdsDiscoveryConfiguration configuration, PluginEnvironment environment)
        => CreateDiscoverers(configuration, environment, AwsLimits.Default);

    internal static ImmutableArray<IDiscoverer> CreateDiscoverers(AwsRdsDiscoveryConfiguration configuration, PluginEnvironment environment, AwsLimits limits)
        => [.. AwsAccess.Of(configuration, environment, limits).Select(access => new RdsDiscoverer(access, configuration))];
}
