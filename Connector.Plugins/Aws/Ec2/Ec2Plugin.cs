using System.Collections.Immutable;
using Connector.Protocol.Plugins;

namespace Connector.Plugins.Aws.Ec2;

/// <summary>Plugin type aws_ec2_discovery.</summary>
internal static class Ec2Plugin
{
    public static ImmutableArray<IDiscoverer> CreateDiscoverers(AwsEc2DiscoveryConfiguration configuration, PluginEnvironment environment)
        => CreateDiscoverers(configuration, environment, AwsLimits.Default);

    internal static ImmutableArray<IDiscoverer> CreateDiscoverers(AwsEc2DiscoveryConfiguration configuration, PluginEnvironment environment, AwsLimits limits)
        => [.. AwsAccess.Of(configuration, environment, limits).Select(access => new Ec2Discoverer(access, configuration))];
}
