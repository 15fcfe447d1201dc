using System.Collections.Immutable;

namespace Connector.Plugins.Aws.Eks;

/// <summary>As EKS describes it; null is what it did not say.</summary>
internal sealed record EksCluster
{
    public string? Arn { get; init; }

    public string? Name { get; init; }

    public string? Version { get; init; }

    /// <summary>While it is being created there is none.</summary>
    public string? Endpoint { get; init; }

    public string? VpcId { get; init; }

    public ImmutableSortedDictionary<string, string> Tags { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}
