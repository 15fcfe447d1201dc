using System.Collections.Immutable;

namespace Connector.Protocol.Tokens;

/// <summary>A public ES256 key.</summary>
/// <param name="SubjectPublicKeyInfo">DER, P-256.</param>
public sealed record VerificationKey(string KeyId, ImmutableArray<byte> SubjectPublicKeyInfo);
