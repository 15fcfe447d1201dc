namespace Connector.Protocol.Tokens;

/// <summary>Signs connector tokens and tickets (JWT, ES256).</summary>
public sealed class TokenIssuer(SigningKey key)
{
    public string IssueConnectorToken(ConnectorTokenClaims claims) => throw new NotImplementedException(key.KeyId);

    public string IssueTicket(TicketClaims claims) => throw new NotImplementedException(key.KeyId);
}
