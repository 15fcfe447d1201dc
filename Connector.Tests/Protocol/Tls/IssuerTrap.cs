using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Connector.Tests.Plugins.Network;

namespace Connector.Tests.Protocol.Tls;

/// <summary>A certificate that says where its issuer's can be had, and whoever asks there.</summary>
internal sealed class IssuerTrap : IAsyncDisposable
{
    private readonly ClosingServer place = new();

    public IssuerTrap()
    {
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var issuer = new CertificateRequest("CN=nobody knows this issuer", issuerKey, HashAlgorithmName.SHA256);
        issuer.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var authority = issuer.CreateSelfSigned(from, to);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=leaf", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(ocspUris: null, caIssuersUris: [$"http://{IPAddress.Loopback}:{place.Port}/issuer.crt"]));
        using var leaf = request.Create(authority, from, to, [1, 2, 3, 4]);
        using var own = leaf.CopyWithPrivateKey(key);
        Certificate = X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pfx), null);
    }

    public X509Certificate2 Certificate { get; }

    public int Questions => place.Connections;

    public async ValueTask DisposeAsync()
    {
        Certificate.Dispose();
        await place.DisposeAsync();
    }
}
