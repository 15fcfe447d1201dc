using System.Globalization;
using Connector.Tests.Processes;

namespace Connector.Tests.Services;

/// <summary>An HAProxy on loopback that passes TCP connections on with a PROXY protocol header, version 2, and checks its server with one.</summary>
internal sealed class HaProxyServer : IAsyncDisposable
{
    private readonly TemporaryFolder folder;
    private readonly ChildProcess server;

    private HaProxyServer(TemporaryFolder folder, ChildProcess server, int port)
    {
        this.folder = folder;
        this.server = server;
        Port = port;
    }

    public static IReadOnlyList<InstalledProgram> Needs { get; } = [InstalledProgram.HaProxy];

    public int Port { get; }

    /// <summary>What it wrote: whether its checks find the server up.</summary>
    public string Output => server.Output;

    public static async Task<HaProxyServer> StartAsync(int serverPort, CancellationToken cancellation)
    {
        var folder = new TemporaryFolder("haproxy");
        ChildProcess? server = null;
        try
        {
            var port = FreePorts.Take();
            var configuration = folder.Write("haproxy.cfg", string.Create(CultureInfo.InvariantCulture, $$"""
                global
                  maxconn 256
                  log stdout format raw daemon notice
                defaults
                  mode tcp
                  log global
                  timeout connect 10s
                  timeout client 60s
                  timeout server 60s
                  timeout check 5s
                listen front
                  bind 127.0.0.1:{{port}}
                  server edge 127.0.0.1:{{serverPort}} send-proxy-v2 check check-send-proxy inter 200ms fall 2 rise 2

                """));
            server = ChildProcess.Start(InstalledProgram.HaProxy.Require(), ["-db", "-f", configuration], stopSignal: UnixSignal.Quit);
            await LoopbackPort.WaitUntilAcceptingAsync(port, server, cancellation);
            return new HaProxyServer(folder, server, port);
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

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }
}
