using System.Diagnostics.CodeAnalysis;

namespace Connector.Protocol.Tokens;

/// <summary>Verifies connector tokens and tickets: signature (ES256 only), audience, expiry with 30 s of leeway.</summary>
public sealed class TokenVerifier(IReadOnlyCollection<VerificationKey> keys, TimeProvider time)
{
    /// <param name="token">At most 16 KiB; longer is refused unread.</param>
    /// <param name="claims">The claims when the result is true.</param>
    /// <param name="reason">Why not, in words fit for an error message, when the result is false.</param>
    public bool TryVerifyConnectorToken(
        string token, [NotNullWhen(true)] out ConnectorTokenClaims? claims, [NotNullWhen(false)] out string? reason)
        => throw new NotImplementedException($"{keys.Count} {time}");

    public bool TryVerifyTicket(string token, [NotNullWhen(true)] out TicketClaims? claims, [NotNullWhen(false)] out string? reason)
        => throw new NotImplementedException();
}
