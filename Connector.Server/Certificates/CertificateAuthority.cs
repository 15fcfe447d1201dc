using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Connector.Protocol.Tls;

namespace Connector.Server.Certificates;

/// <summary>
/// The control plane's own CA: P-256, 10 years, made on first start and kept in the data directory. Replicas know it by its pin, so losing the file
/// means handing out new tokens.
/// </summary>
internal sealed class CertificateAuthority : IDisposable
{
    public const string FileName = "ca.pem";
    public static readonly TimeSpan Life = TimeSpan.FromDays(3653);

    // Certificates begin a little in the past: clocks are off.
    public static readonly TimeSpan Backdating = TimeSpan.FromHours(1);

    private CertificateAuthority(X509Certificate2 certificate) => Certificate = certificate;

    public X509Certificate2 Certificate { get; }

    /// <summary>"sha256/" + base64 of the SHA-256 of the CA's SubjectPublicKeyInfo.</summary>
    public string Pin => ServerTrust.PinOf(Certificate);

    public static CertificateAuthority Open(string directory, TimeProvider time)
    {
        var path = Path.Combine(directory, FileName);
        if (File.Exists(path))
        {
            return new CertificateAuthority(CertificateFiles.Read(path, path, "The control plane's CA"));
        }

        CertificateFiles.CreateDirectory(directory);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = time.GetUtcNow();
        var request = new CertificateRequest("CN=Border0.Actors control plane CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var created = request.CreateSelfSigned(now - Backdating, now + Life);
        CertificateFiles.Write(path, created, key);
        return new CertificateAuthority(CertificateFiles.Reimport(created));
    }

    /// <summary>Issues a server certificate for these names and addresses.</summary>
    public (X509Certificate2 Certificate, ECDsa Key) Issue(ServerNames names, TimeSpan life, TimeProvider time)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = time.GetUtcNow();
        var request = new CertificateRequest("CN=Border0.Actors control plane", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, true, false));
        request.CertificateExtensions.Add(names.ToExtension());
        // TLS servers leave the root out of the chain; a replica that knows only its pin must see it all the same.
        request.CertificateExtensions.Add(EnclosedAuthority.Extension(Certificate));
        var notAfter = now + life < Certificate.NotAfter ? now + life : new DateTimeOffset(Certificate.NotAfter);
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7f;
        using var issued = request.Create(Certificate, now - Backdating, notAfter, serial);
        return (issued.CopyWithPrivateKey(key), key);
    }

    public void Dispose() => Certificate.Dispose();
}
