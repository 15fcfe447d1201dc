namespace Connector.Protocol.Tokens;

/// <summary>Reads a connector token's claims without verifying it: a replica has no key to verify with, the control plane does that.</summary>
public static class ConnectorTokenReader
{
    /// <exception cref="FormatException">Not a connector token; the message says what is wrong and never contains the token.</exception>
    public static ConnectorTokenClaims Read(Secret token) => ClaimReader.ConnectorToken(CompactToken.Decode(token.Reveal()).Payload);
}
