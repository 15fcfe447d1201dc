using System.Collections.Immutable;
using Connector.Protocol.Sockets;

namespace Connector.Protocol.Plugins;

/// <summary>What the plugins that read AWS have in common. One discoverer per region, and per role where roles are assumed.</summary>
public abstract record AwsDiscoveryConfiguration : IPluginConfiguration
{
    /// <summary>Above 0.</summary>
    public int? ScanIntervalMinutes { get; init; }

    /// <summary>Absent: the usual chain (environment, profile, web identity, container, instance role).</summary>
    public AwsCredentials? AwsCredentials { get; init; }

    /// <summary>Empty: the region of the environment or the profile, else that of the instance.</summary>
    public ImmutableArray<string>? AwsRegions { get; init; }

    /// <summary>Roles of other accounts to read as; empty: as the credentials themselves. [ours]</summary>
    public ImmutableArray<AssumedRole>? AssumeRoles { get; init; }

    /// <summary>Instead of AWS's own addresses, for all services. [ours]</summary>
    public string? AwsEndpointUrl { get; init; }

    /// <summary>At least one entry must match; absent or empty matches everything.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>>? IncludeWithTags { get; init; }

    public ImmutableDictionary<string, ImmutableArray<string>>? ExcludeWithTags { get; init; }

    public sealed record AssumedRole
    {
        public string? RoleArn { get; init; }

        public Secret? ExternalId { get; init; }
    }
}
