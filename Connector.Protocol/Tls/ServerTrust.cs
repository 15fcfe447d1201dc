using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Connector.Protocol.Tls;

/// <summary>How a replica verifies the control plane and edges: public trust, or the pins of their CA. There is no way to switch it off.</summary>
/// <param name="CaPins">"sha256/" + base64 of the SHA-256 of the CA's SubjectPublicKeyInfo; empty means the system's trust store.</param>
public sealed record ServerTrust(ImmutableArray<string> CaPins)
{
    /// <summary>
    /// For SslClientAuthenticationOptions and SocketsHttpHandler. With pins: the presented chain must lead to a CA whose key is pinned, be within
    /// its validity, and name the host; nothing else of the system's trust counts.
    /// </summary>
    public bool Validate(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, out string? reason)
        => throw new NotImplementedException(CaPins.ToString());
}
