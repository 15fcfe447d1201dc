using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Connector.Protocol.Ids;

/// <summary>SHA-256 over a public key's SubjectPublicKeyInfo, base64url without padding. Names a replica's key.</summary>
public readonly record struct KeyThumbprint(string Value)
{
    public static KeyThumbprint Of(ReadOnlySpan<byte> subjectPublicKeyInfo)
        => new(Base64Url.EncodeToString(SHA256.HashData(subjectPublicKeyInfo)));

    public static KeyThumbprint Of(X509Certificate2 certificate) => Of(certificate.PublicKey.ExportSubjectPublicKeyInfo());

    public override string ToString() => Value;
}
