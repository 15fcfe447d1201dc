using System.Collections.Concurrent;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;

namespace Connector.Server.Edge.Links;

/// <summary>A link in the edge's table, with the ticket that it lives by. Answers its lane loops from memory.</summary>
internal sealed class AdmittedLink : IEdgeLinkOwner
{
    private readonly LinkTable table;

    // Sockets whose upstream the replica says to be off. Bounded by the edge's own table: others are not accepted.
    private readonly ConcurrentDictionary<SocketId, bool> upstreamsOff = new();
    private volatile HeldTicket ticket;

    /// <param name="create">Makes the relay's end of the link, with this as its owner.</param>
    public AdmittedLink(LinkTable table, LinkKey key, HeldTicket ticket, Func<IEdgeLinkOwner, IRelayLink> create)
    {
        this.table = table;
        this.ticket = ticket;
        Key = key;
        ReplicaId = ticket.Claims.ReplicaId;
        ConnectorId = ticket.Claims.ConnectorId;
        Link = create(this);
    }

    public LinkKey Key { get; }

    public ReplicaId ReplicaId { get; }

    public ConnectorId ConnectorId { get; }

    public IRelayLink Link { get; }

    public HeldTicket Ticket => ticket;

    /// <summary>Lanes that were admitted and are not attached yet. Guarded by the table.</summary>
    public int PendingLanes { get; set; }

    /// <summary>Some lane was attached. Guarded by the table.</summary>
    public bool HasRun { get; set; }

    /// <summary>The edge ended it because its replica lost the right to it.</summary>
    public bool IsRevoked { get; private set; }

    public void Revoke() => IsRevoked = true;

    /// <summary>The later ticket counts; a lane may bring an older one than the link already has.</summary>
    public void Hold(HeldTicket newer)
    {
        if (newer.Claims.ExpiresAt >= ticket.Claims.ExpiresAt)
        {
            ticket = newer;
        }
    }

    public ServeCode ServeOffered(EdgeLink link, SocketId socketId, long configVersion, UpstreamLamp upstream) => OfferServe(socketId, upstream);

    /// <summary>Whether the replica says that the socket's upstream does not answer.</summary>
    public bool IsUpstreamOff(SocketId socketId) => upstreamsOff.ContainsKey(socketId);

    /// <summary>Nothing that is known speaks against a stream of the socket over this link.</summary>
    public bool IsGoodFor(SocketId socketId) => Link.Path.On && !IsUpstreamOff(socketId);

    public ServeCode OfferServe(SocketId socketId, UpstreamLamp upstream = UpstreamLamp.Unknown)
    {
        var code = ServeAuthorization.Decide(table.Tables, ConnectorId, socketId);
        if (code != ServeCode.Accepted || upstream != UpstreamLamp.Off)
        {
            upstreamsOff.TryRemove(socketId, out _);
        }
        else
        {
            upstreamsOff[socketId] = true;
        }

        if (code == ServeCode.Accepted)
        {
            table.Changes.Mark(ConnectorId);
        }

        return code;
    }

    public void ServeWithdrawn(EdgeLink link, SocketId socketId)
    {
        Forget(socketId);
        table.Changes.Mark(ConnectorId);
    }

    /// <summary>The link does not serve the socket any more.</summary>
    public void Forget(SocketId socketId) => upstreamsOff.TryRemove(socketId, out _);

    public void DrainBegan(EdgeLink link, TimeSpan grace) => table.Changes.Mark(ConnectorId);

    public string? TicketRenewed(EdgeLink link, string ticket) => table.Renew(this, ticket);

    public void LaneLost(EdgeLink link, LaneEnd end) => table.Changes.Mark(ConnectorId);

    public void LinkEnded(EdgeLink link, string reason) => table.Remove(this);
}
