using System.Collections.Immutable;

namespace Connector.Server.Control;

/// <summary>Edges from configuration.</summary>
public sealed class FixedEdgeDirectory(ImmutableArray<EdgeEntry> edges) : IEdgeDirectory
{
    /// <summary>Never raised.</summary>
    public event Action? Changed
    {
        add
        {
        }

        remove
        {
        }
    }

    public ImmutableArray<EdgeEntry> Edges { get; } = edges;
}
