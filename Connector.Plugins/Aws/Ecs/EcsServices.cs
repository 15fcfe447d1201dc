using System.Collections.Immutable;

namespace Connector.Plugins.Aws.Ecs;

/// <param name="Failures">Those that were asked about and not described.</param>
internal sealed record EcsServices(ImmutableArray<EcsService> Services, ImmutableArray<EcsFailure> Failures);
