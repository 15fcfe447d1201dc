using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Relay.Frames;

namespace Connector.Server.Edge.Links;

/// <summary>Whether a ticket whose signature is good lets this key link now. Asked on HELLO, on renewal, and again on each change of state.</summary>
internal static class TicketCheck
{
    /// <param name="thumbprint">Of the certificate that the replica showed on the lane.</param>
    /// <returns>Null when it does.</returns>
    public static LaneRefusal? Decide(
        TicketClaims claims, KeyThumbprint thumbprint, ReplicaId replicaId, EdgeTables tables, DateTimeOffset now)
    {
        if (claims.Thumbprint != thumbprint)
        {
            return new(RejectCode.KeyMismatch, "the ticket was made for another replica's key");
        }

        if (claims.ReplicaId != replicaId)
        {
            return new(RejectCode.KeyMismatch, $"the ticket was made for replica {claims.ReplicaId}, the lane says it is of {replicaId}");
        }

        if (claims.ExpiresAt + TokenVerifier.Leeway <= now)
        {
            return new(RejectCode.Ticket, $"the ticket expired at {claims.ExpiresAt:O}; the replica must fetch a new one");
        }

        if (tables.State.RevokedTickets.Contains(claims.TicketId))
        {
            return new(RejectCode.Ticket, "the ticket was revoked");
        }

        return tables.State.Connectors.Contains(claims.ConnectorId)
            ? null
            : new(RejectCode.Ticket, $"connector {claims.ConnectorId} does not exist, or was deleted");
    }
}
