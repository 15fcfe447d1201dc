using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Connector.Protocol.Tokens;

/// <summary>Signs connector tokens, edge credentials and tickets (JWT, ES256). Safe for concurrent use.</summary>
public sealed class TokenIssuer(SigningKey key)
{
    // Times are the caller's: the handler would otherwise add those of the system clock.
    private readonly JsonWebTokenHandler handler = new() { SetDefaultTimesOnTokenCreation = false };

    // ECDsa does not promise to be safe for concurrent use.
    private readonly Lock signing = new();

    public string IssueConnectorToken(ConnectorTokenClaims claims)
    {
        var payload = new Dictionary<string, object>
        {
            [ClaimNames.TokenId] = claims.TokenId,
            [ClaimNames.ConnectorId] = claims.ConnectorId.Value,
            [ClaimNames.OrganizationId] = claims.OrganizationId,
            [ClaimNames.ServerUrl] = claims.ServerUrl.OriginalString,
            [ClaimNames.CaPins] = claims.CaPins.IsDefault ? [] : claims.CaPins.ToArray(),
            [ClaimNames.IssuedAt] = claims.IssuedAt.ToUnixTimeSeconds(),
        };
        if (claims.ExpiresAt is { } expiry)
        {
            payload[ClaimNames.ExpiresAt] = expiry.ToUnixTimeSeconds();
        }

        return Sign(TokenAudience.Connector, payload);
    }

    public string IssueEdgeCredential(EdgeCredentialClaims claims)
    {
        var payload = new Dictionary<string, object>
        {
            [ClaimNames.TokenId] = claims.TokenId,
            [ClaimNames.EdgeId] = claims.EdgeId.Value,
            [ClaimNames.OrganizationId] = claims.OrganizationId,
            [ClaimNames.ServerUrl] = claims.ServerUrl.OriginalString,
            [ClaimNames.CaPins] = claims.CaPins.IsDefault ? [] : claims.CaPins.ToArray(),
            [ClaimNames.IssuedAt] = claims.IssuedAt.ToUnixTimeSeconds(),
        };
        if (claims.ExpiresAt is { } expiry)
        {
            payload[ClaimNames.ExpiresAt] = expiry.ToUnixTimeSeconds();
        }

        return Sign(TokenAudience.EdgeCredential, payload);
    }

    public string IssueTicket(TicketClaims claims) => Sign(TokenAudience.Edge, new Dictionary<string, object>
    {
        [ClaimNames.TokenId] = claims.TicketId,
        [ClaimNames.ConnectorId] = claims.ConnectorId.Value,
        [ClaimNames.OrganizationId] = claims.OrganizationId,
        [ClaimNames.ReplicaId] = claims.ReplicaId.Value,
        [ClaimNames.Confirmation] = new Dictionary<string, object> { [ClaimNames.KeyThumbprint] = claims.Thumbprint.Value },
        [ClaimNames.IssuedAt] = claims.IssuedAt.ToUnixTimeSeconds(),
        [ClaimNames.ExpiresAt] = claims.ExpiresAt.ToUnixTimeSeconds(),
    });

    private string Sign(string audience, Dictionary<string, object> payload)
    {
        payload[ClaimNames.Audience] = audience;
        lock (signing)
        {
            return handler.CreateToken(new SecurityTokenDescriptor { Claims = payload, SigningCredentials = key.Credentials() });
        }
    }
}
