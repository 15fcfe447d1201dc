using System.Collections.Immutable;

namespace Connector.Plugins.Aws.Eks;

/// <param name="Token">Of the next page; null when this is the last.</param>
internal sealed record EksNames(ImmutableArray<string> Clusters, string? Token);
