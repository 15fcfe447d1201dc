using System.Collections.Immutable;

namespace Connector.Plugins.Aws.Rds;

/// <param name="Marker">Of the next page; null when this is the last.</param>
internal sealed record RdsPage(ImmutableArray<RdsInstance> Instances, string? Marker);
