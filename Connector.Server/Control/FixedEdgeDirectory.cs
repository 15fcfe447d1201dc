using System.Collections.Immutable;

namespace Connector.Server.Control;

/// <summary>Edges from configuration.</summary>
public sealed class FixedEdgeDirectory(ImmutableArray<EdgeEntry> edges) : IEdgeDirectory
{
    public ImmutableArray<EdgeEntry> Edges { get; } = edges;
}
