using Connector.Protocol.Tokens;
using Connector.Server.Edge.Links;

namespace Connector.Tests.Server.Edge;

/// <summary>Knows tickets by their text; every other one has a bad signature.</summary>
internal sealed class KnownTickets : ITicketVerifier
{
    private readonly Dictionary<string, TicketClaims> tickets = [];

    public KnownTickets With(string text, TicketClaims claims)
    {
        tickets[text] = claims;
        return this;
    }

    public TicketVerdict Verify(string ticket)
        => tickets.TryGetValue(ticket, out var claims) ? new(claims, "") : new(null, "the signature is not good");
}
