using System.Collections.Immutable;

namespace Connector.Protocol.Plugins;

/// <summary>Plugin type aws_ec2_discovery.</summary>
public sealed record AwsEc2DiscoveryConfiguration : AwsDiscoveryConfiguration
{
    /// <summary>Empty: all.</summary>
    public ImmutableArray<string>? IncludeWithStates { get; init; }

    /// <summary>Whether Systems Manager is asked about the instances.</summary>
    public bool? CheckSsmStatus { get; init; }
}
