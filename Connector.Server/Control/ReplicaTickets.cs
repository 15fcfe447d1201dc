using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;

namespace Connector.Server.Control;

/// <summary>Tickets for the replicas of a connector.</summary>
internal static class ReplicaTickets
{
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    /// <summary>No ticket outlives its token.</summary>
    public static DateTimeOffset ExpiresAt(DateTimeOffset? tokenExpiresAt, DateTimeOffset now)
        => tokenExpiresAt is { } end && end < now + Life ? end : now + Life;

    public static ReplicaTicket Issue(
        TokenIssuer issuer, string tokenId, ConnectorId connectorId, string organizationId, ClaimIdentity replica, DateTimeOffset now, DateTimeOffset expiresAt)
        // The ticket's id is the token's: revoking the token revokes every ticket that was issued under it, without a list of tickets.
        => new()
        {
            ReplicaId = replica.ReplicaId.Value,
            Ticket = issuer.IssueTicket(new TicketClaims(tokenId, connectorId, organizationId, replica.ReplicaId, replica.Key, now, expiresAt)),
        };

    /// <summary>For the replicas that the control session named; one each.</summary>
    public static Tickets Issue(
        TokenIssuer issuer, ControlStreamProtocol.ClaimSession claim, IEnumerable<ClaimIdentity> replicas, DateTimeOffset now, DateTimeOffset expiresAt)
    {
        var tickets = new Tickets();
        tickets.Tickets_.AddRange(replicas.DistinctBy(replica => replica.ReplicaId)
            .Select(replica => Issue(issuer, claim.Claim.TokenId, claim.ConnectorId, claim.OrganizationId, replica, now, expiresAt)));
        return tickets;
    }
}
