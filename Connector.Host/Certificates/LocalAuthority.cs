using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Connector.Host.Errors;
using Connector.Host.State;
using Connector.Protocol.Tls;

namespace Connector.Host.Certificates;

/// <summary>
/// A server's own CA, kept in its data directory, for servers without a publicly trusted certificate. Tokens carry its pin.
/// </summary>
public sealed class LocalAuthority : IDisposable
{
    public const string CertificateFile = "ca.pem";
    public const string KeyFile = "ca-key.pem";

    private readonly ECDsa key;
    private readonly TimeProvider time;

    private LocalAuthority(X509Certificate2 certificate, ECDsa key, string path, TimeProvider time)
    {
        Certificate = certificate;
        this.key = key;
        CertificatePath = path;
        this.time = time;
    }

    public X509Certificate2 Certificate { get; }

    public string CertificatePath { get; }

    public string Pin => ServerTrust.PinOf(Certificate);

    /// <exception cref="ConnectorError">The files are damaged or do not belong together.</exception>
    public static LocalAuthority Open(string directory, TimeProvider time)
    {
        var certificatePath = Path.Combine(directory, CertificateFile);
        var keyPath = Path.Combine(directory, KeyFile);
        var pem = PrivateFiles.TryRead(certificatePath, "the CA");
        var keyPem = PrivateFiles.TryRead(keyPath, "the CA's key");
        if (pem is null && keyPem is null)
        {
            var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var certificate = SelfSign(made, time);
            PrivateFiles.Write(keyPath, made.ExportPkcs8PrivateKeyPem() + "\n", "the CA's key");
            PrivateFiles.Write(certificatePath, certificate.ExportCertificatePem() + "\n", "the CA");
            return new LocalAuthority(certificate, made, certificatePath, time);
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(keyPem);
            var certificate = X509Certificate2.CreateFromPem(pem);
            if (!certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
            {
                throw new CryptographicException("the key is not the certificate's");
            }

            return new LocalAuthority(certificate, key, certificatePath, time);
        }
        catch (Exception failure) when (failure is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new ConnectorError(
                $"Cannot read the CA {certificatePath} and its key {keyPath}", "one is missing or damaged, or they do not belong together",
                "Restore both from a backup. Without them every connector token has to be made anew; delete both only if you mean that", inner: failure);
        }
    }

    /// <summary>A server certificate for these names and addresses, valid for a year; it encloses the CA, so that a pin is enough to verify it.</summary>
    public X509Certificate2 IssueServerCertificate(IReadOnlyCollection<string> hosts)
    {
        using var serverKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=border0 server", serverKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts.Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (IPAddress.TryParse(host, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(host);
            }
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, true, false));
        request.CertificateExtensions.Add(EnclosedAuthority.Extension(Certificate));
        var now = time.GetUtcNow();
        var expiry = now.AddYears(1) < Certificate.NotAfter ? now.AddYears(1) : Certificate.NotAfter;
        using var signed = request.Create(
            Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now.AddDays(-1), expiry, RandomNumberGenerator.GetBytes(16));
        using var withKey = signed.CopyWithPrivateKey(serverKey);
        // Windows cannot use a key for TLS that was never in its store.
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), password: null);
    }

    public void Dispose()
    {
        Certificate.Dispose();
        key.Dispose();
    }

    private static X509Certificate2 SelfSign(ECDsa key, TimeProvider time)
    {
        // The random part keeps the CAs of two servers apart in a trust store.
        var name = $"CN=border0 CA {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = time.GetUtcNow();
        using var signed = request.CreateSelfSigned(now.AddDays(-1), now.AddYears(10));
        return X509CertificateLoader.LoadCertificate(signed.RawData);
    }
}
