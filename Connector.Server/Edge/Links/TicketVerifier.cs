using System.Collections.Immutable;
using Connector.Protocol.Tokens;

namespace Connector.Server.Edge.Links;

/// <summary>Verifies tickets with the keys of one <c>EdgeState</c>.</summary>
internal sealed class TicketVerifier(ImmutableArray<VerificationKey> keys, TimeProvider time) : ITicketVerifier
{
    private readonly TokenVerifier verifier = new(keys, time);

    public TicketVerdict Verify(string ticket)
        => verifier.TryVerifyTicket(ticket, out var claims, out var reason) ? new(claims, "") : new(null, reason);
}
