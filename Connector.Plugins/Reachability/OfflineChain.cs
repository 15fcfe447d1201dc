using System.Security.Cryptography.X509Certificates;

namespace Connector.Plugins.Reachability;

/// <summary>How chains of certificates are looked at whose senders are not trusted: nothing that a certificate names is fetched, neither issuers nor lists of revoked ones.</summary>
internal static class OfflineChain
{
    /// <summary>One for each connection or client.</summary>
    public static X509ChainPolicy Policy() => new() { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck };
}
