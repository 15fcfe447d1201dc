using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Connector.Host.Errors;
using Connector.Protocol.Tls;

namespace Connector.Host.Certificates;

/// <summary>What a server presents, and what tokens say about it.</summary>
/// <param name="Leaf">With its private key.</param>
/// <param name="Chain">Intermediates to send along.</param>
/// <param name="Pins">Empty when the certificate is publicly trusted.</param>
public sealed record ServerCertificates(X509Certificate2 Leaf, ImmutableArray<X509Certificate2> Chain, ImmutableArray<string> Pins)
{
    public static ServerCertificates From(LocalAuthority authority, IReadOnlyCollection<string> hosts)
        => new(authority.IssueServerCertificate(hosts), [], [authority.Pin]);

    /// <summary>An operator's own certificate: PEM, the chain behind the leaf.</summary>
    /// <exception cref="ConnectorError">The files cannot be used.</exception>
    public static ServerCertificates Load(string certificatePath, string keyPath)
    {
        try
        {
            using var withKey = X509Certificate2.CreateFromPemFile(certificatePath, keyPath);
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(certificatePath);
            ImmutableArray<X509Certificate2> chain = [.. all.Skip(1)];
            var leaf = X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), password: null);
            return new ServerCertificates(leaf, chain, IsPublic(leaf, chain) ? [] : [Pin(leaf, chain)]);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw FileFailure.ToError($"Cannot read the server's certificate {certificatePath} or its key {keyPath}", failure, certificatePath);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            throw new ConnectorError(
                $"Cannot use the server's certificate {certificatePath} with the key {keyPath}",
                "they are not PEM files of a certificate and of its unencrypted private key",
                "Give tls.certificate the leaf followed by its chain, and tls.key the leaf's key", inner: failure);
        }
    }

    /// <summary>TLS servers do not send a root, so the pin names the highest certificate below it, or the leaf itself.</summary>
    private static string Pin(X509Certificate2 leaf, ImmutableArray<X509Certificate2> chain)
        => ServerTrust.PinOf(chain.LastOrDefault(candidate => !candidate.SubjectName.RawData.AsSpan().SequenceEqual(candidate.IssuerName.RawData)) ?? leaf);

    private static bool IsPublic(X509Certificate2 leaf, ImmutableArray<X509Certificate2> chain)
    {
        using var built = new X509Chain();
        built.ChainPolicy.ExtraStore.AddRange(chain.ToArray());
        built.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        built.ChainPolicy.DisableCertificateDownloads = true;
        // An expired certificate of a public CA is not a private one.
        built.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        return built.Build(leaf);
    }
}
