using Connector.Protocol.Ids;

namespace Connector.Protocol.Tokens;

/// <summary>What a ticket says: the holder of this key may link to edges for this connector until it expires.</summary>
/// <param name="Thumbprint">The claim <c>cnf</c>.<c>spki#S256</c>: a stolen ticket is useless without this key.</param>
public sealed record TicketClaims(
    string TicketId,
    ConnectorId ConnectorId,
    string OrganizationId,
    ReplicaId ReplicaId,
    KeyThumbprint Thumbprint,
    DateTimeOffset IssuedAt,
    DateTimeOffset ExpiresAt);
