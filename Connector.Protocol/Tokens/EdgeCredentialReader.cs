namespace Connector.Protocol.Tokens;

/// <summary>Reads an edge credential's claims without verifying it: an edge has no key to verify with, the control plane does that.</summary>
public static class EdgeCredentialReader
{
    /// <exception cref="FormatException">Not an edge credential; the message says what is wrong and never contains it.</exception>
    public static EdgeCredentialClaims Read(Secret credential) => ClaimReader.EdgeCredential(CompactToken.Decode(credential.Reveal()).Payload);
}
