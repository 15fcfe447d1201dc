using System.Collections.Immutable;
using System.Net;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;

namespace Connector.Server.Feed;

/// <summary>What an edge needs to admit users and replicas.</summary>
/// <param name="Version">Grows with each change within one store incarnation.</param>
/// <param name="RevokedTickets">Ticket ids that must not be accepted any more, although unexpired.</param>
/// <param name="Connectors">Connectors that exist; a link of any other is refused.</param>
public sealed record EdgeState(
    DesiredStateVersion Version,
    ImmutableArray<EdgeSocket> Sockets,
    ImmutableArray<VerificationKey> TicketKeys,
    ImmutableHashSet<string> RevokedTickets,
    ImmutableHashSet<ConnectorId> Connectors);

/// <summary>A socket as an edge sees it.</summary>
/// <param name="Connectors">Connectors whose replicas may serve it.</param>
/// <param name="Port">The listener's TCP port.</param>
/// <param name="Public">Without it nobody gets in.</param>
/// <param name="AllowedIps">Networks that may connect when public. Empty means nobody.</param>
public sealed record EdgeSocket(
    SocketId Id,
    string Name,
    string Type,
    ImmutableArray<ConnectorId> Connectors,
    int Port,
    bool Public,
    ImmutableArray<IPNetwork> AllowedIps)
{
    /// <summary>Whether a second replica may be asked when the first does not accept a stream at once.</summary>
    public bool Hedge { get; init; } = true;

    /// <summary>Load balancers in front of the edge: connections from these begin with a PROXY protocol header that names the client.</summary>
    public ImmutableArray<IPNetwork> ProxyProtocolFrom { get; init; } = [];

    public bool Equals(EdgeSocket? other)
        => other is not null && Id == other.Id && Name == other.Name && Type == other.Type && Port == other.Port && Public == other.Public
            && Connectors.SequenceEqual(other.Connectors) && AllowedIps.SequenceEqual(other.AllowedIps)
            && Hedge == other.Hedge && ProxyProtocolFrom.SequenceEqual(other.ProxyProtocolFrom);

    public override int GetHashCode() => HashCode.Combine(Id, Name, Type, Port, Public);
}
