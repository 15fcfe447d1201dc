using System.Globalization;
using Connector.Tests.Processes;

namespace Connector.Tests.Services;

/// <summary>An HAProxy on loopback that passes TCP connections on with a PROXY protocol header, version 2, and checks its server with one.</summary>
internal sealed class HaProxyServer : LoopbackServer
{
    private readonly int serverPort;

    private HaProxyServer(int serverPort)
        : base("haproxy")
    {
        this.serverPort = serverPort;
    }

    public static IReadOnlyList<InstalledProgram> Needs { get; } = [InstalledProgram.HaProxy];

    /// <param name="serverPort">Of the one server behind it.</param>
    public static Task<HaProxyServer> StartAsync(int serverPort, CancellationToken cancellation) => BeginAsync(new HaProxyServer(serverPort), cancellation);

    protected override ChildProcess Launch()
    {
        var configuration = Folder.Write("haproxy.cfg", string.Create(CultureInfo.InvariantCulture, $$"""
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
              bind 127.0.0.1:{{Port}}
              server edge 127.0.0.1:{{serverPort}} send-proxy-v2 check check-send-proxy inter 200ms fall 2 rise 2

            """));
        return ChildProcess.Start(InstalledProgram.HaProxy.Require(), ["-db", "-f", configuration], stopSignal: UnixSignal.Quit);
    }
}
