using System.Collections.Immutable;
using Connector.Protocol.Sockets;

namespace Connector.Protocol.Plugins;

/// <summary>Plugin type aws_ec2_discovery.</summary>
public sealed record AwsEc2DiscoveryConfiguration
{
    /// <summary>Above 0.</summary>
    public int? ScanIntervalMinutes { get; init; }

    public AwsCredentials? AwsCredentials { get; init; }

    public ImmutableArray<string>? AwsRegions { get; init; }

    /// <summary>Empty means that nothing is reported.</summary>
    public ImmutableArray<string>? IncludeWithStates { get; init; }

    /// <summary>At least one entry must match; absent matches everything, an empty object nothing.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>>? IncludeWithTags { get; init; }

    public ImmutableDictionary<string, ImmutableArray<string>>? ExcludeWithTags { get; init; }

    public bool? CheckSsmStatus { get; init; }
}
