using System.Collections.Immutable;

namespace Connector.Plugins.Aws.Rds;

/// <summary>As RDS describes it; null is what it did not say.</summary>
internal sealed record RdsInstance
{
    public string? Arn { get; init; }

    public string? Identifier { get; init; }

    public string? Status { get; init; }

    public string? Engine { get; init; }

    public string? EngineVersion { get; init; }

    public string? VpcId { get; init; }

    public string? SubnetGroup { get; init; }

    /// <summary>While it is being created there is none.</summary>
    public string? Address { get; init; }

    public int? Port { get; init; }

    public ImmutableSortedDictionary<string, string> Tags { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}
