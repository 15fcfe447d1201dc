using System.Collections.Immutable;
using System.Security.Cryptography;
using Connector.Protocol.Ids;
using Microsoft.IdentityModel.Tokens;

namespace Connector.Protocol.Tokens;

/// <summary>An ES256 key pair of the control plane.</summary>
public sealed class SigningKey : IDisposable
{
    private readonly ECDsa key;
    private readonly ImmutableArray<byte> subjectPublicKeyInfo;

    private SigningKey(ECDsa key)
    {
        this.key = key;
        subjectPublicKeyInfo = [.. key.ExportSubjectPublicKeyInfo()];
        KeyId = KeyThumbprint.Of(subjectPublicKeyInfo.AsSpan()).Value;
    }

    /// <summary>The <c>kid</c> header: the thumbprint of the public key.</summary>
    public string KeyId { get; }

    /// <summary>The part that verifiers hold.</summary>
    public VerificationKey PublicKey => new(KeyId, subjectPublicKeyInfo);

    public static SigningKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Reads a PKCS#8 PEM as written by <see cref="ExportPem"/>.</summary>
    /// <exception cref="FormatException">Not a PEM with a P-256 private key; the message never contains it.</exception>
    public static SigningKey Import(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            if (!EllipticCurve.IsP256(key))
            {
                throw new FormatException($"The signing key is on another curve ({key.KeySize} bits); tokens are signed with P-256 (ES256) only.");
            }

            // A PEM with only the public half imports well and would fail at the first signature.
            _ = key.SignHash(new byte[32]);
            return new SigningKey(key);
        }
        catch (Exception failure) when (failure is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new FormatException("The signing key is not a PEM with an unencrypted P-256 private key.", failure);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    public string ExportPem() => key.ExportPkcs8PrivateKeyPem();

    public void Dispose() => key.Dispose();

    internal SigningCredentials Credentials() => new(EllipticCurve.KeyFor(key, KeyId), SecurityAlgorithms.EcdsaSha256);
}
