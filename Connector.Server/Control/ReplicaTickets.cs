using Connector.Protocol.Control.Wire;
using Connector.Protocol.Tokens;

namespace Connector.Server.Control;

/// <summary>Tickets for the replicas that a hello names.</summary>
internal static class ReplicaTickets
{
    public static Tickets Issue(
        TokenIssuer issuer, ControlStreamProtocol.ClaimSession claim, VerifiedHello hello, DateTimeOffset now, DateTimeOffset expiresAt)
    {
        var tickets = new Tickets();
        foreach (var replica in hello.Members.Insert(0, hello.Identity).DistinctBy(member => member.ReplicaId))
        {
            // The ticket's id is the token's: revoking the token revokes every ticket that was issued under it, without a list of tickets.
            var ticket = new TicketClaims(
                claim.Claim.TokenId, claim.ConnectorId, claim.OrganizationId, replica.ReplicaId, replica.Key, now, expiresAt);
            tickets.Tickets_.Add(new ReplicaTicket { ReplicaId = replica.ReplicaId.Value, Ticket = issuer.IssueTicket(ticket) });
        }

        return tickets;
    }
}
