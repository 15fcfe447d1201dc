using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Protocol.Tokens;

/// <summary>What a connector token says. The replica reads it unverified; the control plane verifies it.</summary>
/// <param name="TokenId">The claim <c>jti</c>: the row that can be revoked.</param>
/// <param name="ServerUrl">The claim <c>url</c>: public URL of the control plane, for example https://border0.example.com:8443.</param>
/// <param name="CaPins">The claim <c>ca_pins</c>: "sha256/" + base64 of the SHA-256 of the CA's SubjectPublicKeyInfo; empty when publicly trusted.</param>
public sealed record ConnectorTokenClaims(
    string TokenId,
    ConnectorId ConnectorId,
    string OrganizationId,
    Uri ServerUrl,
    ImmutableArray<string> CaPins,
    DateTimeOffset IssuedAt,
    DateTimeOffset? ExpiresAt);
