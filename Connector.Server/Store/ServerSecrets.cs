using System.Security.Cryptography;
using System.Text;
using Connector.Protocol;
using Connector.Protocol.Tokens;
using Connector.Server.Store.Database;

namespace Connector.Server.Store;

/// <summary>The server's signing key, and the admin token of which only a hash is kept.</summary>
public sealed class ServerSecrets
{
    private const string SigningKeyKey = "signing_key";
    private const string AdminTokenKey = "admin_token_sha256";

    private readonly ControlDatabase database;
    private byte[]? adminTokenHash;

    internal ServerSecrets(ControlDatabase database)
    {
        this.database = database;
        adminTokenHash = database.Read(db => ControlDatabase.Meta(db, AdminTokenKey)) is { } hash ? Convert.FromHexString(hash) : null;
    }

    /// <summary>From now on this is the admin token; another one is refused. Only its hash is kept.</summary>
    public void UseAdminToken(Secret token)
    {
        var hash = Hash(token.Reveal());
        if (adminTokenHash is not null && CryptographicOperations.FixedTimeEquals(hash, adminTokenHash))
        {
            return;
        }

        database.Write(db =>
        {
            ControlDatabase.SetMeta(db, AdminTokenKey, Convert.ToHexStringLower(hash));
            return true;
        });
        adminTokenHash = hash;
    }

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
}
