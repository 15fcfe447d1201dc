using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Connector.Protocol.Tls;

/// <summary>
/// A server's CA, enclosed in the certificate that the CA issues. TLS servers send the chain without its root, and .NET's leaves no choice, but
/// a client that knows only the pin of the root cannot verify anything without seeing it. It trusts what is enclosed only if it is pinned.
/// </summary>
public static class EnclosedAuthority
{
    // In the arc for experiments: it is read by our own clients only, and is not critical, so that all others skip it.
    private const string Identifier = "1.3.6.1.3.8443.1";
    private const int MaximumSize = 4096;

    /// <summary>The extension to add to the request of a server's certificate.</summary>
    public static X509Extension Extension(X509Certificate2 ca) => new(new Oid(Identifier), ca.RawDataMemory.Span, critical: false);

    /// <summary>Null when there is none, or none that can be read.</summary>
    public static X509Certificate2? Read(X509Certificate2 certificate)
    {
        if (certificate.Extensions[Identifier] is not { RawData.Length: <= MaximumSize } extension)
        {
            return null;
        }

        try
        {
            return X509CertificateLoader.LoadCertificate(extension.RawData);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
