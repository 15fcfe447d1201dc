using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Connector.Protocol.Tokens;

/// <summary>
/// Verifies connector tokens, edge credentials and tickets: signature (ES256 only), audience, expiry with 30 s of leeway. Safe for concurrent use.
/// Whether a token was revoked is not its business.
/// </summary>
public sealed class TokenVerifier
{
    /// <summary>How far two clocks may be apart.</summary>
    public static readonly TimeSpan Leeway = TimeSpan.FromSeconds(30);

    private readonly JsonWebTokenHandler handler = new() { MaximumTokenSizeInBytes = CompactToken.MaximumLength };
    private readonly Dictionary<string, ECDsaSecurityKey> keys;
    private readonly TimeProvider time;

    // ECDsa does not promise to be safe for concurrent use.
    private readonly Lock verifying = new();

    /// <exception cref="CryptographicException">A key cannot be read, or is not on P-256.</exception>
    public TokenVerifier(IReadOnlyCollection<VerificationKey> keys, TimeProvider time)
    {
        this.time = time;
        this.keys = keys.ToDictionary(key => key.KeyId, Import, StringComparer.Ordinal);
    }

    /// <param name="token">At most 16 KiB; longer is refused unread.</param>
    /// <param name="claims">The claims when the result is true.</param>
    /// <param name="reason">Why not, in words fit for an error message, when the result is false.</param>
    public bool TryVerifyConnectorToken(
        string token, [NotNullWhen(true)] out ConnectorTokenClaims? claims, [NotNullWhen(false)] out string? reason)
    {
        claims = TryVerify(token, ClaimReader.ConnectorToken, out reason);
        if (claims is null || (reason = Untimely(claims.IssuedAt, claims.ExpiresAt)) is not null)
        {
            claims = null;
            reason ??= "the token was refused";
            return false;
        }

        return true;
    }

    /// <inheritdoc cref="TryVerifyConnectorToken"/>
    public bool TryVerifyEdgeCredential(
        string token, [NotNullWhen(true)] out EdgeCredentialClaims? claims, [NotNullWhen(false)] out string? reason)
    {
        claims = TryVerify(token, ClaimReader.EdgeCredential, out reason);
        if (claims is null || (reason = Untimely(claims.IssuedAt, claims.ExpiresAt)) is not null)
        {
            claims = null;
            reason ??= "the edge credential was refused";
            return false;
        }

        return true;
    }

    /// <inheritdoc cref="TryVerifyConnectorToken"/>
    public bool TryVerifyTicket(string token, [NotNullWhen(true)] out TicketClaims? claims, [NotNullWhen(false)] out string? reason)
    {
        claims = TryVerify(token, ClaimReader.Ticket, out reason);
        if (claims is null || (reason = Untimely(claims.IssuedAt, claims.ExpiresAt)) is not null)
        {
            claims = null;
            reason ??= "the ticket was refused";
            return false;
        }

        return true;
    }

    private static ECDsaSecurityKey Import(VerificationKey key)
    {
        var imported = ECDsa.Create();
        imported.ImportSubjectPublicKeyInfo(key.SubjectPublicKeyInfo.AsSpan(), out _);
        return EllipticCurve.IsP256(imported)
            ? EllipticCurve.KeyFor(imported, key.KeyId)
            : throw new CryptographicException($"The verification key {key.KeyId} is not on P-256; tokens are signed with ES256 only.");
    }

    private TClaims? TryVerify<TClaims>(string token, Func<JsonElement, TClaims> read, out string? reason)
        where TClaims : class
    {
        try
        {
            // Shapes before the signature: the library calls every claim that it cannot read a bad signature.
            var decoded = CompactToken.Decode(token);
            var claims = read(decoded.Payload);
            reason = Unsigned(token, decoded.Header);
            return reason is null ? claims : null;
        }
        catch (FormatException unreadable)
        {
            reason = unreadable.Message;
            return null;
        }
    }

    private string? Unsigned(string token, JsonElement header)
    {
        if (!header.TryGetProperty("alg", out var algorithm)
            || algorithm.ValueKind != JsonValueKind.String
            || !algorithm.ValueEquals(SecurityAlgorithms.EcdsaSha256))
        {
            return "the token is not signed with ES256, the only algorithm that is accepted";
        }

        if (!header.TryGetProperty("kid", out var id) || id.ValueKind != JsonValueKind.String || !TryFindKey(id, out var key))
        {
            return "the token is signed with a key that this server does not have: it was made by another server, or before the signing key was replaced";
        }

        var parameters = new TokenValidationParameters
        {
            IssuerSigningKey = key,
            TryAllIssuerSigningKeys = false,
            RequireSignedTokens = true,
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            // Audience and times are read from the same payload below, with reasons that name both clocks.
            ValidateAudience = false,
            ValidateIssuer = false,
            ValidateLifetime = false,
        };
        lock (verifying)
        {
            // Completes synchronously: the parameters name no source of keys that would have to be fetched.
            var result = handler.ValidateTokenAsync(token, parameters).GetAwaiter().GetResult();
            return result.IsValid ? null : "the token's signature is wrong: it was changed after it was made, or cut when copied";
        }
    }

    private bool TryFindKey(JsonElement id, [NotNullWhen(true)] out ECDsaSecurityKey? found)
    {
        foreach (var (name, key) in keys)
        {
            if (id.ValueEquals(name))
            {
                found = key;
                return true;
            }
        }

        found = null;
        return false;
    }

    private string? Untimely(DateTimeOffset issued, DateTimeOffset? expires)
    {
        var now = time.GetUtcNow();
        if (expires is { } end && now > end + Leeway)
        {
            return $"the token expired at {Utc(end)}, and it is {Utc(now)} by this server's clock: make a new token, or correct the clock";
        }

        return issued > now + Leeway
            ? $"the token is not valid yet: it was issued at {Utc(issued)}, and it is {Utc(now)} by this server's clock: correct the clock that is off"
            : null;
    }

    private static string Utc(DateTimeOffset moment)
        => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
