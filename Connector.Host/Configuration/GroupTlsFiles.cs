using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Connector.Actors.Group;
using Connector.Host.Errors;
using Connector.Protocol.Tls;

namespace Connector.Host.Configuration;

/// <summary>Reads the three PEM files of <c>cluster.tls</c> and finds out now what peers would find out later.</summary>
internal sealed class GroupTlsFiles(SecretFiles secretFiles, TimeProvider time)
{
    private const int MaximumSize = 64 * 1024;
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";
    private static readonly TimeSpan Soon = TimeSpan.FromDays(14);

    private readonly List<GroupProblem> problems = [];
    private readonly List<string> notes = [];

    public IReadOnlyList<GroupProblem> Problems => problems;

    public IReadOnlyList<string> Notes => notes;

    /// <summary>Null when something is wrong with them.</summary>
    public GroupTls? Load(string certificatePath, string keyPath, string authorityPath)
    {
        CheckReaders(keyPath);
        var authority = Certificate(authorityPath, "cluster.tls.ca", "the CA of the group");
        var certificate = Certificate(certificatePath, "cluster.tls.certificate", "the certificate of this replica");
        var key = Text(keyPath, "cluster.tls.key", "the key of this replica");
        if (certificate is not null)
        {
            CheckUses(certificate, certificatePath);
        }

        if (certificate is not null && authority is not null)
        {
            CheckSignature(certificate, certificatePath, authority, authorityPath);
        }

        var paired = certificate is null || key is null ? null : Pair(certificatePath, key, keyPath);
        certificate?.Dispose();
        return problems.Count == 0 ? new GroupTls(paired!, authority!) : null;
    }

    private void CheckReaders(string path)
    {
        try
        {
            if (File.Exists(path) && secretFiles.Check(path, "the key of this replica") is { } note)
            {
                notes.Add(note);
            }
        }
        catch (ConnectorError refused)
        {
            problems.Add(new($"cluster.tls.key: {refused.Why}", refused.Remedy));
        }
    }

    private string? Text(string path, string name, string what)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > MaximumSize })
            {
                problems.Add(new($"{name} {path} is larger than {MaximumSize} bytes", $"Name the PEM file with {what}"));
                return null;
            }

            return File.ReadAllText(path);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            var (why, remedy) = FileFailure.Explain(failure, path, reading: true);
            problems.Add(new($"{name} {path}: {why}", remedy));
            return null;
        }
    }

    private X509Certificate2? Certificate(string path, string name, string what)
    {
        if (Text(path, name, what) is not { } pem)
        {
            return null;
        }

        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPem(pem);
        }
        catch (CryptographicException)
        {
            problems.Add(new($"{name} {path} holds no certificate in PEM", $"Name the PEM file with {what}; it begins with -----BEGIN CERTIFICATE-----"));
            return null;
        }

        CheckDates(certificate, path, name);
        return certificate;
    }

    private void CheckDates(X509Certificate2 certificate, string path, string name)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var (from, until) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        if (until < now)
        {
            problems.Add(new($"{name} {path} expired at {Words(until)} UTC", "Make a new one, or correct this machine's clock"));
        }
        else if (from > now)
        {
            problems.Add(new($"{name} {path} is valid only from {Words(from)} UTC on, by this machine's clock {Words(now)}", "Correct the clock, or make a new one"));
        }
        else if (until < now + Soon)
        {
            notes.Add($"{name} {path} expires at {Words(until)} UTC; the group falls apart then, so make a new one in time");
        }
    }

    private void CheckUses(X509Certificate2 certificate, string path)
    {
        if (certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is not { } uses)
        {
            return;
        }

        var named = uses.EnhancedKeyUsages.Cast<Oid>().Select(static use => use.Value).ToArray();
        if (!named.Contains(ServerUse) || !named.Contains(ClientUse))
        {
            problems.Add(new(
                $"cluster.tls.certificate {path} may not be used as {(named.Contains(ServerUse) ? "a client's" : "a server's")}, and replicas are both to each other",
                "Make it with extendedKeyUsage serverAuth and clientAuth"));
        }
    }

    private void CheckSignature(X509Certificate2 certificate, string path, X509Certificate2 authority, string authorityPath)
    {
        using var chain = new X509Chain { ChainPolicy = OfflineChain.Under([authority]) };

        // Dates have words of their own.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        if (chain.Build(certificate))
        {
            return;
        }

        var status = chain.ChainStatus.Select(static entry => entry.Status).Where(static entry => entry != X509ChainStatusFlags.NotTimeValid).ToArray();
        problems.Add(
            status.Any(static entry => entry is X509ChainStatusFlags.InvalidBasicConstraints)
                ? new($"cluster.tls.ca {authorityPath} is no CA: its certificate does not allow it to sign others", "Make it with basicConstraints CA:TRUE, and sign the certificates of the replicas with it")
                : new(
                    $"cluster.tls.certificate {path} is not signed by cluster.tls.ca {authorityPath} ({string.Join(", ", status)})",
                    "Sign it with that CA directly, or name the CA that signed it; all replicas of a group have the same"));
    }

    private X509Certificate2? Pair(string certificatePath, string key, string keyPath)
    {
        if (key.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            problems.Add(new($"cluster.tls.key {keyPath} is encrypted, and nobody is there at start to type its passphrase", $"Decrypt it: openssl pkey -in {keyPath} -out FILE, mode 600"));
            return null;
        }

        if (!key.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            problems.Add(new($"cluster.tls.key {keyPath} holds no private key in PEM", "Name the PEM file with the key of this replica"));
            return null;
        }

        try
        {
            using var paired = X509Certificate2.CreateFromPem(File.ReadAllText(certificatePath), key);

            // Windows cannot use a key for TLS that was never in its store.
            return X509CertificateLoader.LoadPkcs12(paired.Export(X509ContentType.Pfx), password: null);
        }
        catch (Exception failure) when (failure is ArgumentException or CryptographicException || FileFailure.Is(failure))
        {
            problems.Add(new($"cluster.tls.key {keyPath} is not the key of cluster.tls.certificate {certificatePath}", "Name the two that were made together"));
            return null;
        }
    }

    private static string Words(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
