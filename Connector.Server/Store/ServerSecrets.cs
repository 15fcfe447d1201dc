using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Connector.Protocol;
using Connector.Protocol.Tokens;
using Connector.Server.Store.Database;

namespace Connector.Server.Store;

/// <summary>The server's signing key, and the admin token of which only a hash is kept.</summary>
public sealed class ServerSecrets
{
    private const string TokenPrefix = "b0admin_";
    private const string SigningKeyKey = "signing_key";
    private const string AdminTokenKey = "admin_token_sha256";

    private readonly ControlDatabase database;
    private byte[]? adminTokenHash;

    internal ServerSecrets(ControlDatabase database)
    {
        this.database = database;
        adminTokenHash = database.Read(db => ControlDatabase.Meta(db, AdminTokenKey)) is { } hash ? Convert.FromHexString(hash) : null;
    }

    /// <summary>Makes the admin token of a new store. Null when there is one already: it was shown once and cannot be shown again.</summary>
    public Secret? CreateAdminToken() => MakeAdminToken(replace: false);

    /// <summary>Makes a new admin token; the old one is refused from now on.</summary>
    public Secret ReplaceAdminToken() => MakeAdminToken(replace: true)!;

    /// <summary>In constant time for tokens of equal length. A plain hash is enough: the token is 32 random bytes, not a password.</summary>
    public bool IsAdminToken(string token)
        => adminTokenHash is { } expected && CryptographicOperations.FixedTimeEquals(Hash(token), expected);

    /// <summary>The key that signs tokens and tickets; made on first use.</summary>
    public SigningKey LoadSigningKey()
    {
        var pem = database.Write(db =>
        {
            if (ControlDatabase.Meta(db, SigningKeyKey) is { } stored)
            {
                return stored;
            }

            using var made = SigningKey.Create();
            ControlDatabase.SetMeta(db, SigningKeyKey, made.ExportPem());
            return made.ExportPem();
        });
        return SigningKey.Import(pem);
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    private Secret? MakeAdminToken(bool replace)
    {
        var token = TokenPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var made = database.Write(db =>
        {
            if (!replace && ControlDatabase.Meta(db, AdminTokenKey) is not null)
            {
                return false;
            }

            ControlDatabase.SetMeta(db, AdminTokenKey, Convert.ToHexStringLower(Hash(token)));
            return true;
        });
        if (!made)
        {
            return null;
        }

        adminTokenHash = Hash(token);
        return new Secret(token);
    }
}
