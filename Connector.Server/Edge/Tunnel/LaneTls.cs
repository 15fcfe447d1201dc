using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Connector.Protocol.Tls;
using Connector.Relay.Lanes;

namespace Connector.Server.Edge.Tunnel;

/// <summary>TLS of the edge's end of a lane.</summary>
internal static class LaneTls
{
    private static readonly SslApplicationProtocol Relay = new(LaneHandshake.ApplicationProtocol);

    public static bool IsRelay(SslApplicationProtocol protocol) => protocol == Relay;

    public static SslServerAuthenticationOptions OptionsFor(SslStreamCertificateContext certificate) => new()
    {
        ServerCertificateContext = certificate,
        ApplicationProtocols = [Relay],
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        AllowRenegotiation = false,

        // A resumed session would show a certificate that was not proven on this connection.
        AllowTlsResume = false,
        ClientCertificateRequired = true,

        // Any certificate: it only proves a key. Whose key that is and what it may do is said by the ticket.
        RemoteCertificateValidationCallback = (_, presented, _, _) => presented is not null,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,

        // The peer is a stranger: nothing that its certificate names is fetched, and it is not compared with the system's store.
        CertificateChainPolicy = OfflineChain.Under([]),
        CipherSuitesPolicy = Ciphers,
    };

    // TLS 1.3's suites, and of 1.2 only ECDHE with AEAD. Windows takes its suites from system policy alone.
    private static CipherSuitesPolicy? Ciphers { get; } = OperatingSystem.IsLinux() || OperatingSystem.IsMacOS()
        ? new CipherSuitesPolicy(
        [
            TlsCipherSuite.TLS_AES_128_GCM_SHA256,
            TlsCipherSuite.TLS_AES_256_GCM_SHA384,
            TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
            TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
            TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ])
        : null;
}
