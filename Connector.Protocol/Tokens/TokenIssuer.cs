using System.Collections.Immutable;
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

    public string IssueConnectorToken(ConnectorTokenClaims claims) => Sign(
        TokenAudience.Connector,
        Bearer(claims.TokenId, ClaimNames.ConnectorId, claims.ConnectorId.Value, claims.OrganizationId, claims.ServerUrl, claims.CaPins, claims.IssuedAt, claims.ExpiresAt));

    public string IssueEdgeCredential(EdgeCredentialClaims claims) => Sign(
        TokenAudience.EdgeCredential,
        Bearer(claims.TokenId, ClaimNames.EdgeId, claims.EdgeId.Value, claims.OrganizationId, claims.ServerUrl, claims.CaPins, claims.IssuedAt, claims.ExpiresAt));

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

    /// <summary>What a process needs to find the control plane and to be known there.</summary>
    private static Dictionary<string, object> Bearer(
        string tokenId, string subjectName, string subject, string organizationId, Uri serverUrl, ImmutableArray<string> caPins, DateTimeOffset issuedAt, DateTimeOffset? expiresAt)
    {
        var payload = new Dictionary<string, object>
        {
            [ClaimNames.TokenId] = tokenId,
            [subjectName] = subject,
            [ClaimNames.OrganizationId] = organizationId,
            [ClaimNames.ServerUrl] = serverUrl.OriginalString,
            [ClaimNames.CaPins] = caPins.IsDefault ? [] : caPins.ToArray(),
            [ClaimNames.IssuedAt] = issuedAt.ToUnixTimeSeconds(),
        };
        if (expiresAt is { } expiry)
        {
            payload[ClaimNames.ExpiresAt] = expiry.ToUnixTimeSeconds();
        }

        return payload;
    }

    private string Sign(string audience, Dictionary<string, object> payload)
    {
        payload[ClaimNames.Audience] = audience;
        lock (signing)
        {
            return handler.CreateToken(new SecurityTokenDescriptor { Claims = payload, SigningCredentials = key.Credentials() });
        }
    }
}
