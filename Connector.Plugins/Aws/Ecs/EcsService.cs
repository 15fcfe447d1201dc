using System.Collections.Immutable;

namespace Connector.Plugins.Aws.Ecs;

/// <summary>As ECS describes it; null is what it did not say.</summary>
internal sealed record EcsService
{
    public string? Arn { get; init; }

    public string? Name { get; init; }

    public string? ClusterArn { get; init; }

    /// <summary>ACTIVE, DRAINING or INACTIVE.</summary>
    public string? Status { get; init; }

    public string? TaskDefinition { get; init; }

    public bool EnableExecuteCommand { get; init; }

    public ImmutableSortedDictionary<string, string> Tags { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}
