using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Connector.Tests.Processes;

namespace Connector.Tests.Services;

/// <summary>An nginx on loopback with its own configuration, serving a small file and a large one.</summary>
internal sealed class NginxServer : LoopbackServer
{
    public const string SmallText = "small file of the test\n";

    private const int BlockLength = 1_000_000;

    private readonly int largeMegabytes;

    private NginxServer(int largeMegabytes)
        : base("nginx")
    {
        this.largeMegabytes = largeMegabytes;
    }

    public static IReadOnlyList<InstalledProgram> Needs { get; } = [InstalledProgram.Nginx, InstalledProgram.Curl];

    /// <summary>Takes only connections that begin with a PROXY protocol header, and answers with what that says: source and destination.</summary>
    public int ProxiedPort { get; } = FreePorts.Take();

    /// <summary>With a certificate of its own, trusted by nobody.</summary>
    public int TlsPort { get; } = FreePorts.Take();

    /// <summary>SHA-256 of /large.bin, hexadecimal.</summary>
    public string LargeHash { get; private set; } = "";

    public static Task<NginxServer> StartAsync(CancellationToken cancellation, int largeMegabytes = 20)
        => BeginAsync(new NginxServer(largeMegabytes), cancellation);

    private string Files => Folder.File("files");

    /// <summary>Ends master and workers at once, as a crash does.</summary>
    public void Kill()
    {
        foreach (var id in ProcessTree.WithDescendants([ProcessId]))
        {
            using var process = System.Diagnostics.Process.GetProcessById(id);
            process.Kill();
        }
    }

    protected override async Task PrepareAsync(CancellationToken cancellation)
    {
        Directory.CreateDirectory(Files);
        await File.WriteAllTextAsync(Path.Combine(Files, "small.txt"), SmallText, cancellation);
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
        {
            using var certificate = new CertificateRequest("CN=nginx.test", key, HashAlgorithmName.SHA256)
                .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
            Folder.Write("certificate.pem", certificate.ExportCertificatePem());
            Folder.Write("key.pem", key.ExportPkcs8PrivateKeyPem());
        }

        LargeHash = await WriteLargeAsync(Path.Combine(Files, "large.bin"), largeMegabytes, cancellation);
    }

    protected override ChildProcess Launch()
    {
        var configuration = Folder.Write("nginx.conf", string.Create(CultureInfo.InvariantCulture, $$"""
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            daemon off;
            worker_processes 1;
            pid {{Folder.File("nginx.pid")}};
            error_log stderr warn;
            events { worker_connections 1024; }
            http {
              access_log off;
              sendfile on;
              keepalive_requests 100000;
              keepalive_timeout 300s;
              client_body_temp_path {{Folder.File("body")}};
              proxy_temp_path {{Folder.File("proxy")}};
              fastcgi_temp_path {{Folder.File("fastcgi")}};
              uwsgi_temp_path {{Folder.File("uwsgi")}};
              scgi_temp_path {{Folder.File("scgi")}};
              server {
                listen 127.0.0.1:{{ProxiedPort}} proxy_protocol;
                location / { return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port\n"; }
              }
              server {
                listen 127.0.0.1:{{TlsPort}} ssl;
                ssl_certificate {{Folder.File("certificate.pem")}};
                ssl_certificate_key {{Folder.File("key.pem")}};
                location / { return 200 "tls\n"; }
              }
              server {
                listen 127.0.0.1:{{Port}};
                root {{Files}};
                add_header X-Connection $connection;
                location = /slow.bin { alias {{Files}}/large.bin; limit_rate 1m; }
              }
            }

            """));
        return ChildProcess.Start(
            InstalledProgram.Nginx.Require(), ["-c", configuration, "-p", Folder.Path, "-e", "stderr"], stopSignal: UnixSignal.Quit);
    }

    private static async Task<string> WriteLargeAsync(string path, int megabytes, CancellationToken cancellation)
    {
        var block = new byte[BlockLength];
        Random.Shared.NextBytes(block);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = File.Create(path);
        for (var i = 0; i < megabytes; i++)
        {
            // Blocks differ, so that one sent twice or out of order changes the checksum.
            BitConverter.TryWriteBytes(block, i);
            hash.AppendData(block);
            await file.WriteAsync(block, cancellation);
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
