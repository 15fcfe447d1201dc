using Connector.Protocol.Tokens;

namespace Connector.Server.Edge.Links;

/// <summary>Signature, audience and expiry of a ticket, by one set of keys.</summary>
internal interface ITicketVerifier
{
    TicketVerdict Verify(string ticket);
}

/// <summary>Either claims or a reason fit for an error message.</summary>
internal readonly record struct TicketVerdict(TicketClaims? Claims, string Reason);
