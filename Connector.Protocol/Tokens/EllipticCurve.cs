using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace Connector.Protocol.Tokens;

/// <summary>What ES256 asks of a key.</summary>
internal static class EllipticCurve
{
    private const string P256 = "1.2.840.10045.3.1.7";

    public static bool IsP256(ECDsa key)
    {
        var curve = key.ExportParameters(includePrivateParameters: false).Curve;
        // Windows names its curves without giving the identifier.
        return curve.IsNamed && (curve.Oid.Value == P256 || curve.Oid.FriendlyName is "nistP256" or "ECDSA_P256");
    }

    /// <summary>
    /// Signature providers are not cached: the process-wide cache would keep an <see cref="ECDsa"/> beyond its disposal and hand it to the
    /// next key of the same id.
    /// </summary>
    public static ECDsaSecurityKey KeyFor(ECDsa key, string keyId) => new(key)
    {
        KeyId = keyId,
        CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false },
    };
}
