using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Connector.Host.Errors;
using Connector.Protocol.Ids;

namespace Connector.Host.State;

/// <summary>
/// Where a replica keeps itself: its id, its key and its journals. Only one process may use it, and it is not to be copied: two processes with
/// one key are a cloned replica, which the control plane refuses.
/// </summary>
public sealed class StateDirectory : IDisposable
{
    public const string KeyFile = "replica-key.pem";
    public const string IdFile = "replica-id";

    /// <summary>SQLite; made and owned by the replica's actors.</summary>
    public const string StateFile = "state.db";

    private const string Purpose = "the state directory";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly DirectoryLock held;

    private StateDirectory(string path, DirectoryLock held, ReplicaId replicaId, X509Certificate2 certificate)
    {
        Path = path;
        this.held = held;
        ReplicaId = replicaId;
        Certificate = certificate;
    }

    public string Path { get; }

    /// <summary>Where the replica's actors keep their journals.</summary>
    public string File => System.IO.Path.Combine(Path, StateFile);

    public ReplicaId ReplicaId { get; }

    /// <summary>Self-signed over the replica's P-256 key. What counts is the key; the certificate around it is made anew at each start.</summary>
    public X509Certificate2 Certificate { get; }

    /// <exception cref="ConnectorError">It cannot be used; the message names the path and the remedy.</exception>
    public static StateDirectory Open(string path, TimeProvider time)
    {
        path = System.IO.Path.GetFullPath(path);
        PrivateFiles.EnsureDirectory(path, Purpose);
        var held = DirectoryLock.Take(path, Purpose, "--state-dir");
        try
        {
            var id = ReadOrMakeId(System.IO.Path.Combine(path, IdFile));
            using var key = ReadOrMakeKey(System.IO.Path.Combine(path, KeyFile));
            return new StateDirectory(path, held, id, SelfSign(key, id, time));
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>As <see cref="Open"/>, with patience for a predecessor that has been asked to stop and is about to let go.</summary>
    /// <param name="waiting">Called once when it has to wait.</param>
    /// <exception cref="ConnectorError">It cannot be used; the message names the path and the remedy.</exception>
    public static async Task<StateDirectory> OpenAsync(
        string path, TimeProvider time, TimeSpan patience, Func<Task> waiting, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return Open(path, time);
            }
            catch (ConnectorError failure) when (failure.InnerException is DirectoryInUseException && time.GetElapsedTime(began) < patience)
            {
                if (attempt == 1)
                {
                    await waiting();
                }

                await Task.Delay(Poll, time, cancellationToken);
            }
        }
    }

    /// <summary>
    /// Lets a successor have the directory while this process drains. Nothing may be written into it from here on; id and certificate stay usable.
    /// </summary>
    public void LetGo() => held.Dispose();

    public void Dispose()
    {
        Certificate.Dispose();
        held.Dispose();
    }

    private static ReplicaId ReadOrMakeId(string path)
    {
        if (PrivateFiles.TryRead(path, "the replica's id") is not { } text)
        {
            text = Guid.NewGuid().ToString("D");
            PrivateFiles.Write(path, text + "\n", "the replica's id");
        }

        return Guid.TryParseExact(text, "D", out _)
            ? new ReplicaId(text.ToLowerInvariant())
            : throw Damaged("the replica's id", path, "it is not a UUID");
    }

    private static ECDsa ReadOrMakeKey(string path)
    {
        if (PrivateFiles.TryRead(path, "the replica's key") is not { } pem)
        {
            var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            PrivateFiles.Write(path, made.ExportPkcs8PrivateKeyPem() + "\n", "the replica's key");
            return made;
        }

        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            if (key.KeySize != 256)
            {
                throw new CryptographicException("not P-256");
            }

            // A PEM with only the public half imports well and would fail at the first handshake.
            _ = key.SignHash(new byte[32]);
            return key;
        }
        catch (Exception failure) when (failure is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw Damaged("the replica's key", path, "it is not a PEM with a P-256 private key", failure);
        }
    }

    private static X509Certificate2 SelfSign(ECDsa key, ReplicaId id, TimeProvider time)
    {
        var request = new CertificateRequest($"CN=replica {id}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        // Edges compare the key and not the dates; a clock that is off must not keep a replica out.
        var now = time.GetUtcNow();
        using var signed = request.CreateSelfSigned(now.AddDays(-2), now.AddYears(20));
        // Windows cannot use a key for TLS that was never in its store.
        return X509CertificateLoader.LoadPkcs12(signed.Export(X509ContentType.Pfx), password: null);
    }

    private static ConnectorError Damaged(string what, string path, string why, Exception? inner = null) => new(
        $"Cannot read {what} {path}", why,
        "Restore the file from a backup, or delete it: the replica then becomes a new one, and asks for new tickets by itself", inner: inner);
}
