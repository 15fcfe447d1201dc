using System.Collections.Immutable;
using Connector.Protocol.Sockets;

namespace Connector.Protocol.Plugins;

/// <summary>Plugin type aws_ecs_discovery.</summary>
public sealed record AwsEcsDiscoveryConfiguration
{
    /// <summary>Above 0.</summary>
    public int? ScanIntervalMinutes { get; init; }

    public AwsCredentials? AwsCredentials { get; init; }

    public ImmutableArray<string>? AwsRegions { get; init; }

    /// <summary>At least one entry must match; absent matches everything, an empty object nothing.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>>? IncludeWithTags { get; init; }

    public ImmutableDictionary<string, ImmutableArray<string>>? ExcludeWithTags { get; init; }
}
