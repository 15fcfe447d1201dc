using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Actors.Links;

/// <summary>Messages of <c>/user/links</c>.</summary>
public static class LinkSupervisorProtocol
{
    /// <summary>The whole set of edges to link to. Applied by difference.</summary>
    public sealed record ApplyEdges(ImmutableArray<EdgeAddress> Edges);

    /// <param name="Addresses">host:port, in order of preference.</param>
    /// <param name="CaPins">As in ServerTrust.</param>
    public sealed record EdgeAddress(EdgeId EdgeId, ImmutableArray<string> Addresses, ImmutableArray<string> CaPins);

    /// <summary>A fresh ticket for this replica; renews it on live links.</summary>
    public sealed record ApplyTicket(string Ticket)
    {
        public override string ToString() => "ApplyTicket { Ticket = (secret) }";
    }

    /// <summary>Begin to drain all links; answered with <see cref="LinksDrained"/> when every edge acknowledged and every stream ended, or at the deadline.</summary>
    public sealed record DrainLinks(TimeSpan Grace);

    public sealed record LinksDrained(int StreamsLeft);

    /// <summary>Published on the system's event stream when a link gains its first or loses its last lane.</summary>
    public sealed record LinkStatusChanged(EdgeId EdgeId, bool Connected, string Reason);
}
