using System.Globalization;
using Connector.Tests.Processes;
using Connector.Tests.Services;

namespace Connector.Benchmarks.Contenders;

/// <summary>Plain → TLS 1.3 → plain through two haproxy processes in TCP mode.</summary>
internal sealed class HaProxyPair : IContender
{
    public string Key => "haproxy";

    public string Title => "haproxy TLS pair";

    public string? Missing() => InstalledProgram.HaProxy.Find() is null ? "apt-get install haproxy" : null;

    public async Task<RunningContender> StartAsync(int targetPort, CancellationToken cancellation)
    {
        var running = new RunningContender { Port = FreePorts.Take() };
        try
        {
            var folder = running.Own(new TemporaryFolder("haproxy"));
            var (certificate, certificateAndKey) = TlsPairCertificate.Write(folder);
            var middle = FreePorts.Take();
            await StartAsync(running, folder, "server", middle, $"ssl crt {certificateAndKey}", targetPort, "", cancellation);
            await StartAsync(
                running, folder, "client", running.Port, "", middle, $"ssl verify required ca-file {certificate} sni str(localhost)", cancellation);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    private static async Task StartAsync(
        RunningContender running, TemporaryFolder folder, string role, int port, string bindOptions, int next, string serverOptions, CancellationToken cancellation)
    {
        var configuration = folder.Write($"{role}.cfg", string.Create(CultureInfo.InvariantCulture, $"""
            global
              maxconn 8192
              ssl-default-bind-options ssl-min-ver TLSv1.3
              ssl-default-server-options ssl-min-ver TLSv1.3
            defaults
              mode tcp
              timeout connect 10s
              timeout client 1h
              timeout server 1h
            listen {role}
              bind 127.0.0.1:{port} {bindOptions}
              server next 127.0.0.1:{next} {serverOptions}

            """));
        var process = running.Own(ChildProcess.Start(InstalledProgram.HaProxy.Require(), ["-db", "-q", "-f", configuration], stopSignal: UnixSignal.Interrupt));
        running.Measure(process.Id);
        await LoopbackPort.WaitUntilAcceptingAsync(port, process, cancellation);
    }
}
