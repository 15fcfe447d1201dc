using System.Globalization;
using System.Security.Cryptography;
using Connector.Tests.Processes;

namespace Connector.Tests.Services;

/// <summary>An nginx on loopback with its own configuration, serving a small file and a large one.</summary>
internal sealed class NginxServer : IAsyncDisposable
{
    public const string SmallText = "small file of the test\n";

    private const int BlockLength = 1_000_000;

    private readonly TemporaryFolder folder;
    private readonly ChildProcess server;

    private NginxServer(TemporaryFolder folder, ChildProcess server, int port, int proxiedPort, string largeHash)
    {
        this.folder = folder;
        this.server = server;
        Port = port;
        ProxiedPort = proxiedPort;
        LargeHash = largeHash;
    }

    public static IReadOnlyList<InstalledProgram> Needs { get; } = [InstalledProgram.Nginx, InstalledProgram.Curl];

    public int Port { get; }

    /// <summary>Takes only connections that begin with a PROXY protocol header, and answers with what that says: source and destination.</summary>
    public int ProxiedPort { get; }

    /// <summary>SHA-256 of /large.bin, hexadecimal.</summary>
    public string LargeHash { get; }

    public int ProcessId => server.Id;

    public static async Task<NginxServer> StartAsync(CancellationToken cancellation, int largeMegabytes = 20)
    {
        var folder = new TemporaryFolder("nginx");
        ChildProcess? server = null;
        try
        {
            var files = Directory.CreateDirectory(folder.File("files")).FullName;
            await File.WriteAllTextAsync(Path.Combine(files, "small.txt"), SmallText, cancellation);
            var largeHash = await WriteLargeAsync(Path.Combine(files, "large.bin"), largeMegabytes, cancellation);
            var port = FreePorts.Take();
            var proxied = FreePorts.Take();
            var configuration = folder.Write("nginx.conf", string.Create(CultureInfo.InvariantCulture, $$"""
                {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
                daemon off;
                worker_processes 1;
                pid {{folder.File("nginx.pid")}};
                error_log stderr warn;
                events { worker_connections 1024; }
                http {
                  access_log off;
                  sendfile on;
                  keepalive_requests 100000;
                  keepalive_timeout 300s;
                  client_body_temp_path {{folder.File("body")}};
                  proxy_temp_path {{folder.File("proxy")}};
                  fastcgi_temp_path {{folder.File("fastcgi")}};
                  uwsgi_temp_path {{folder.File("uwsgi")}};
                  scgi_temp_path {{folder.File("scgi")}};
                  server {
                    listen 127.0.0.1:{{proxied}} proxy_protocol;
                    location / { return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port\n"; }
                  }
                  server {
                    listen 127.0.0.1:{{port}};
                    root {{files}};
                    add_header X-Connection $connection;
                    location = /slow.bin { alias {{files}}/large.bin; limit_rate 1m; }
                  }
                }

                """));
            server = ChildProcess.Start(
                InstalledProgram.Nginx.Require(), ["-c", configuration, "-p", folder.Path, "-e", "stderr"], stopSignal: UnixSignal.Quit);
            await LoopbackPort.WaitUntilAcceptingAsync(port, server, cancellation);
            return new NginxServer(folder, server, port, proxied, largeHash);
        }
        catch
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }

            folder.Dispose();
            throw;
        }
    }

    /// <summary>Ends master and workers at once, as a crash does.</summary>
    public void Kill()
    {
        foreach (var id in ProcessTree.WithDescendants([server.Id]))
        {
            using var process = System.Diagnostics.Process.GetProcessById(id);
            process.Kill();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
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
