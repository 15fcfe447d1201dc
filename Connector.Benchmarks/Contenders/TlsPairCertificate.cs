using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Contenders;

/// <summary>A self-signed P-256 certificate as files, of the kind that the connector's own lanes use.</summary>
internal static class TlsPairCertificate
{
    /// <summary>Paths of the certificate alone and of certificate and key together.</summary>
    public static (string Certificate, string CertificateAndKey) Write(TemporaryFolder folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        var pem = certificate.ExportCertificatePem() + "\n";
        return (folder.Write("certificate.pem", pem), folder.Write("certificate-and-key.pem", pem + key.ExportPkcs8PrivateKeyPem() + "\n"));
    }
}
