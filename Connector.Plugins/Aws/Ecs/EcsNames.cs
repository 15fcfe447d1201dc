using System.Collections.Immutable;

namespace Connector.Plugins.Aws.Ecs;

/// <param name="Token">Of the next page; null when this is the last.</param>
internal sealed record EcsNames(ImmutableArray<string> Arns, string? Token);
