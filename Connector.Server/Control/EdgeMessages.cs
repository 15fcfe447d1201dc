using System.Collections.Immutable;
using Connector.Protocol.Control.Wire;

namespace Connector.Server.Control;

/// <summary>The set of edges as control stream messages.</summary>
internal static class EdgeMessages
{
    public static Edges Of(ImmutableArray<EdgeEntry> edges)
    {
        var message = new Edges();
        foreach (var edge in edges)
        {
            var address = new EdgeAddress { EdgeId = edge.EdgeId.Value };
            address.Addresses.AddRange(edge.Addresses);
            address.CaPins.AddRange(edge.CaPins);
            message.Edges_.Add(address);
        }

        return message;
    }
}
