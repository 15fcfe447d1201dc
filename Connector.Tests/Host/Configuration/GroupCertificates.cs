using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Connector.Tests.Host.Configuration;

/// <summary>A CA and a replica's certificate, as a group has them, and what can be wrong with them.</summary>
internal sealed class GroupCertificates : IDisposable
{
    public const string ServerUse = "1.3.6.1.5.5.7.3.1";
    public const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 authority;

    public GroupCertificates(bool mayNotSign = false, DateTimeOffset? until = null)
    {
        var request = new CertificateRequest("CN=group", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(!mayNotSign, false, 0, true));
        authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-2), until ?? DateTimeOffset.UtcNow.AddYears(10));
    }

    public string AuthorityPem => authority.ExportCertificatePem();

    public (string Certificate, string Key) Replica(DateTimeOffset? from = null, DateTimeOffset? until = null, params string[] uses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=replica-1", key, HashAlgorithmName.SHA256);
        if (uses.Length > 0)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. uses.Select(use => new Oid(use))], false));
        }

        // By name and key, so that also a CA that may not sign can be tried.
        using var signed = request.Create(
            authority.SubjectName, X509SignatureGenerator.CreateForECDsa(authorityKey), from ?? DateTimeOffset.UtcNow.AddDays(-1),
            until ?? DateTimeOffset.UtcNow.AddYears(1), RandomNumberGenerator.GetBytes(8));
        return (signed.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public static string OtherKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }

    public static string EncryptedKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
    }

    public void Dispose()
    {
        authority.Dispose();
        authorityKey.Dispose();
    }
}
