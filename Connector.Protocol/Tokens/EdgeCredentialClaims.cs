using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Protocol.Tokens;

/// <summary>What an edge credential says. The edge reads it unverified; the control plane verifies it.</summary>
/// <param name="TokenId">The claim <c>jti</c>: an edge has one credential in force, and a new one makes the old one void.</param>
/// <param name="ServerUrl">The claim <c>url</c>: public URL of the control plane.</param>
/// <param name="CaPins">The claim <c>ca_pins</c>, as in connector tokens.</param>
public sealed record EdgeCredentialClaims(
    string TokenId,
    EdgeId EdgeId,
    string OrganizationId,
    Uri ServerUrl,
    ImmutableArray<string> CaPins,
    DateTimeOffset IssuedAt,
    DateTimeOffset? ExpiresAt);
