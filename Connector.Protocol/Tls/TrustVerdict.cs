using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Connector.Protocol.Tls;

/// <summary>What one dial found of its server's certificate: a failed handshake alone does not say why.</summary>
public sealed class TrustVerdict(ServerTrust trust)
{
    /// <summary>Why the certificate was refused; null before the handshake, and when it is trusted.</summary>
    public string? Distrust { get; private set; }

    /// <summary>Client options that verify the server and note the verdict here; nothing that a certificate names is fetched.</summary>
    public SslClientAuthenticationOptions Handshake() => new()
    {
        CertificateChainPolicy = OfflineChain.Policy(),
        RemoteCertificateValidationCallback = Validate,
    };

    private bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var trusted = trust.Validate(certificate, chain, errors, out var reason);
        Distrust = trusted ? null : reason ?? errors.ToString();
        return trusted;
    }
}
