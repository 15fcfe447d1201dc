namespace Connector.Protocol.Tokens;

/// <summary>Names of the claims in tokens and tickets. <c>connector_id</c> and <c>org_id</c> are read by older connectors too.</summary>
internal static class ClaimNames
{
    public const string Audience = "aud";
    public const string TokenId = "jti";
    public const string IssuedAt = "iat";
    public const string ExpiresAt = "exp";
    public const string ConnectorId = "connector_id";
    public const string OrganizationId = "org_id";
    public const string ReplicaId = "replica_id";
    public const string EdgeId = "edge_id";
    public const string ServerUrl = "url";
    public const string CaPins = "ca_pins";
    public const string Confirmation = "cnf";
    public const string KeyThumbprint = "spki#S256";
}
