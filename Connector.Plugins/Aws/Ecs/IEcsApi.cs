using System.Collections.Immutable;

namespace Connector.Plugins.Aws.Ecs;

/// <summary>What is used of ECS's API 2014-11-13. An official client can take its place.</summary>
internal interface IEcsApi
{
    /// <summary>A page of ARNs; the token is null for the first page, and after the last.</summary>
    Task<EcsNames> ListClustersAsync(string? token, CancellationToken cancellationToken);

    /// <inheritdoc cref="ListClustersAsync"/>
    Task<EcsNames> ListServicesAsync(string cluster, string? token, CancellationToken cancellationToken);

    /// <param name="services">Ten at most.</param>
    Task<EcsServices> DescribeServicesAsync(string cluster, ImmutableArray<string> services, CancellationToken cancellationToken);
}
