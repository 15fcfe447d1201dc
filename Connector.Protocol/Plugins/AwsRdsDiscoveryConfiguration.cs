using System.Collections.Immutable;

namespace Connector.Protocol.Plugins;

/// <summary>Plugin type aws_rds_discovery.</summary>
public sealed record AwsRdsDiscoveryConfiguration : AwsDiscoveryConfiguration
{
    /// <summary>Empty: all.</summary>
    public ImmutableArray<string>? IncludeWithStatuses { get; init; }
}
