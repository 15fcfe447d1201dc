using System.Collections.Immutable;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Connector.Protocol.Tls;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Certificates;

/// <summary>
/// What the server presents on its TLS ports: certificate files from configuration, or a certificate of the control plane's own CA, which is renewed at two
/// thirds of its life without a restart. New handshakes take <see cref="Current"/>; running connections keep what they have.
/// </summary>
public sealed partial class ServerCertificates : IDisposable
{
    public const string FileName = "server.pem";
    public static readonly TimeSpan Life = TimeSpan.FromDays(365);
    private static readonly TimeSpan CheckInterval = TimeSpan.FromHours(1);

    private readonly CertificateAuthority? authority;
    private readonly ServerNames names;
    private readonly string path;
    private readonly string keyPath;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly ITimer timer;
    private readonly Lock renewing = new();
    private readonly List<X509Certificate2> retired = [];
    private volatile SslStreamCertificateContext current;
    private DateTime loadedWriteTime;
    private bool renewalFailed;

    private ServerCertificates(CertificateAuthority? authority, ServerNames names, string path, string keyPath, TimeProvider time, ILogger logger)
    {
        this.authority = authority;
        this.names = names;
        this.path = path;
        this.keyPath = keyPath;
        this.time = time;
        this.logger = logger;
        loadedWriteTime = File.GetLastWriteTimeUtc(path);
        current = authority is null ? LoadFiles() : LoadOwn();
        timer = time.CreateTimer(static state => ((ServerCertificates)state!).RenewIfDue(), this, CheckInterval, CheckInterval);
    }

    /// <summary>Certificate and chain for the next handshake.</summary>
    public SslStreamCertificateContext Current => current;

    /// <summary>Pins for tokens and edge addresses; empty when the certificate comes from configuration and is taken for publicly trusted.</summary>
    public ImmutableArray<string> CaPins => authority is null ? [] : [authority.Pin];

    /// <summary>The CA's certificate as PEM, for people and browsers to import; null with configured certificates.</summary>
    public string? CaPem => authority?.Certificate.ExportCertificatePem();

    /// <summary>The own CA and server certificate; made where they are missing.</summary>
    /// <param name="directory">Made with mode 0700 where it is missing.</param>
    /// <exception cref="CertificateException">A file is there but cannot be used.</exception>
    public static ServerCertificates OpenOwn(string directory, ServerNames names, TimeProvider time, ILogger logger)
    {
        try
        {
            var path = Path.Combine(directory, FileName);
            return new ServerCertificates(CertificateAuthority.Open(directory, time), names, path, path, time, logger);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CertificateException(
                $"The control plane's certificates cannot be kept in {directory}: {exception.Message} Choose a folder that this user may write (--data-dir).", exception);
        }
    }

    /// <summary>Certificate files from configuration; read again when they change on disk.</summary>
    /// <param name="certificatePath">PEM: the server certificate, then its intermediates.</param>
    /// <param name="keyPath">PEM: the unencrypted private key.</param>
    public static ServerCertificates OpenFiles(string certificatePath, string keyPath, TimeProvider time, ILogger logger)
        => new(null, new ServerNames([]), certificatePath, keyPath, time, logger);

    /// <summary>Called each hour: renews the own certificate when two thirds of its life are over, reads changed files again.</summary>
    internal void RenewIfDue()
    {
        lock (renewing)
        {
            try
            {
                if (authority is not null && IsDue(current.TargetCertificate))
                {
                    Replace(Renew());
                    LogRenewed(logger, current.TargetCertificate.NotAfter.ToUniversalTime());
                }
                else if (authority is null && File.GetLastWriteTimeUtc(path) is var written && written != loadedWriteTime)
                {
                    Replace(LoadFiles());
                    loadedWriteTime = written;
                    LogReloaded(logger, path);
                }

                renewalFailed = false;
            }
            catch (Exception exception) when (exception is CertificateException or IOException or UnauthorizedAccessException or CryptographicException)
            {
                if (!renewalFailed)
                {
                    LogRenewalFailed(logger, path, current.TargetCertificate.NotAfter.ToUniversalTime(), exception.Message);
                }

                renewalFailed = true;
            }
        }
    }

    public void Dispose()
    {
        timer.Dispose();
        lock (renewing)
        {
            current.TargetCertificate.Dispose();
            foreach (var certificate in retired)
            {
                certificate.Dispose();
            }
        }

        authority?.Dispose();
    }

    private SslStreamCertificateContext LoadOwn()
    {
        if (File.Exists(path))
        {
            var stored = CertificateFiles.Read(path, path, "The control plane's server certificate");
            if (!IsDue(stored) && names.AreCoveredBy(stored) && IsIssuedByAuthority(stored))
            {
                return Context(stored);
            }

            stored.Dispose();
        }

        return Renew();
    }

    private SslStreamCertificateContext Renew()
    {
        var (issued, key) = authority!.Issue(names, Life, time);
        using (issued)
        using (key)
        {
            CertificateFiles.Write(path, issued, key);
            return Context(CertificateFiles.Reimport(issued));
        }
    }

    private SslStreamCertificateContext Context(X509Certificate2 certificate)
        // Platforms that send a root send it; the others leave replicas to the one that is enclosed in the certificate.
        => SslStreamCertificateContext.Create(certificate, [authority!.Certificate], offline: true);

    private SslStreamCertificateContext LoadFiles()
    {
        var certificate = CertificateFiles.Read(path, keyPath, "The configured server certificate");
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(path);
        return SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }

    /// <summary>Handshakes that have just begun may still use the old certificate, so it is kept.</summary>
    private void Replace(SslStreamCertificateContext next)
    {
        retired.Add(current.TargetCertificate);
        current = next;
    }

    private bool IsDue(X509Certificate2 certificate)
    {
        var life = certificate.NotAfter - certificate.NotBefore;
        return time.GetUtcNow() >= new DateTimeOffset(certificate.NotBefore) + (life * 2 / 3);
    }

    private bool IsIssuedByAuthority(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority!.Certificate);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = time.GetUtcNow().UtcDateTime;
        return chain.Build(certificate);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The server certificate was renewed; it is valid until {NotAfter:u}")]
    private static partial void LogRenewed(ILogger logger, DateTime notAfter);

    [LoggerMessage(Level = LogLevel.Information, Message = "The server certificate was read again from {Path}")]
    private static partial void LogReloaded(ILogger logger, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "The server certificate could not be renewed at {Path}; the present one is valid until {NotAfter:u}. It is tried again each hour: {Reason}")]
    private static partial void LogRenewalFailed(ILogger logger, string path, DateTime notAfter, string reason);
}
