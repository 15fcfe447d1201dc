using System.Globalization;
using Connector.Tests.Processes;
using Connector.Tests.Services;

namespace Connector.Benchmarks.Contenders;

/// <summary>Plain → TLS 1.3 → plain through two stunnel processes.</summary>
internal sealed class StunnelPair : IContender
{
    public string Key => "stunnel";

    public string Title => "stunnel pair";

    public string? Missing() => InstalledProgram.Stunnel.Find() is null ? "apt-get install stunnel4" : null;

    public async Task<RunningContender> StartAsync(int targetPort, CancellationToken cancellation)
    {
        var running = new RunningContender { Port = FreePorts.Take() };
        try
        {
            var folder = running.Own(new TemporaryFolder("stunnel"));
            var (certificate, certificateAndKey) = TlsPairCertificate.Write(folder);
            var middle = FreePorts.Take();
            await StartAsync(running, folder, "server", middle, $"cert = {certificateAndKey}", targetPort, cancellation);
            await StartAsync(running, folder, "client", running.Port, $"client = yes\nverifyPeer = yes\nCAfile = {certificate}", middle, cancellation);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    private static async Task StartAsync(
        RunningContender running, TemporaryFolder folder, string role, int port, string options, int next, CancellationToken cancellation)
    {
        var configuration = folder.Write($"{role}.conf", string.Create(CultureInfo.InvariantCulture, $"""
            foreground = yes
            pid =
            debug = err
            syslog = no
            socket = l:TCP_NODELAY=1
            socket = r:TCP_NODELAY=1
            sslVersionMin = TLSv1.3

            [{role}]
            accept = 127.0.0.1:{port}
            connect = 127.0.0.1:{next}
            {options}

            """));
        var process = running.Own(ChildProcess.Start(InstalledProgram.Stunnel.Require(), [configuration]));
        running.Measure(process.Id);
        await LoopbackPort.WaitUntilAcceptingAsync(port, process, cancellation);
    }
}
