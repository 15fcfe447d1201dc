using System.Collections.Immutable;
using Connector.Actors.Links;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;

namespace Connector.Actors.Control;

/// <summary>Reads the pushed set of edges within bounds.</summary>
internal static class EdgesReader
{
    private const int MostEdges = 256;
    private const int MostAddresses = 16;
    private const int MostPins = 8;

    public static LinkSupervisorProtocol.ApplyEdges Read(Edges edges)
    {
        var read = edges.Edges_
            .Where(e => e.EdgeId.Length is > 0 and <= 128 && e.Addresses.Count > 0)
            .DistinctBy(e => e.EdgeId)
            .Take(MostEdges)
            .Select(e => new LinkSupervisorProtocol.EdgeAddress(
                new EdgeId(e.EdgeId), [.. e.Addresses.Take(MostAddresses)], [.. e.CaPins.Take(MostPins)]));
        return new LinkSupervisorProtocol.ApplyEdges([.. read]);
    }
}
