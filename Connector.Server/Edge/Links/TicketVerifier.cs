using System.Security.Cryptography;
using Connector.Protocol.Tokens;

namespace Connector.Server.Edge.Links;

/// <summary>Verifies tickets with the keys of one <c>EdgeState</c>.</summary>
internal sealed class TicketVerifier : ITicketVerifier
{
    private readonly TokenVerifier verifier;

    private TicketVerifier(TokenVerifier verifier) => this.verifier = verifier;

    /// <summary>
    /// A key that cannot be read is left out: its tickets are refused then, and all else of the state comes into force, revocations above all.
    /// </summary>
    /// <param name="unreadable">Told of each key that was left out, in words fit for a log.</param>
    public static TicketVerifier For(IEnumerable<VerificationKey> keys, TimeProvider time, Action<string> unreadable)
    {
        var good = new List<VerificationKey>();
        foreach (var key in keys.DistinctBy(key => key.KeyId))
        {
            try
            {
                _ = new TokenVerifier([key], time);
                good.Add(key);
            }
            catch (CryptographicException e)
            {
                unreadable($"ticket key {key.KeyId} cannot be read, tickets signed with it are refused: {e.Message}");
            }
        }

        return new TicketVerifier(new TokenVerifier(good, time));
    }

    public TicketVerdict Verify(string ticket)
        => verifier.TryVerifyTicket(ticket, out var claims, out var reason) ? new(claims, "") : new(null, reason);
}
