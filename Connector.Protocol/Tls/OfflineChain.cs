using System.Security.Cryptography.X509Certificates;

namespace Connector.Protocol.Tls;

/// <summary>How chains of certificates are looked at whose senders are not trusted: nothing that a certificate names is fetched, neither issuers nor lists of revoked ones.</summary>
public static class OfflineChain
{
    /// <summary>With the system's authorities. One for each connection or client.</summary>
    public static X509ChainPolicy Policy() => new() { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck };

    /// <summary>With these authorities and no others; with none, no certificate is valid.</summary>
    public static X509ChainPolicy Under(params X509Certificate2Collection authorities)
    {
        var policy = Policy();
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }
}
