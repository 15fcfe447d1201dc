using System.Globalization;
using Connector.Tests.Processes;
using Connector.Tests.Services;

namespace Connector.Benchmarks.Contenders;

/// <summary><c>ssh -R</c>: a client that dials out to an sshd, which listens for users. The closest in shape to a connector.</summary>
internal sealed class SshReverse : IContender
{
    public string Key => "ssh";

    public string Title => "ssh -R";

    public string? Missing() => SshServer.Needs.Any(program => program.Find() is null) ? "apt-get install openssh-server openssh-client" : null;

    public async Task<RunningContender> StartAsync(int targetPort, CancellationToken cancellation)
    {
        var running = new RunningContender { Port = FreePorts.Take() };
        try
        {
            var server = running.Own(await SshServer.StartAsync(cancellation));
            running.Measure(server.ProcessId);
            var client = running.Own(ChildProcess.Start(InstalledProgram.Ssh.Require(),
            [
                .. server.ClientOptions,
                "-o", "ExitOnForwardFailure=yes",
                "-N",
                "-R", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{running.Port}:127.0.0.1:{targetPort}"),
                "-p", server.Port.ToString(CultureInfo.InvariantCulture),
                $"{SshServer.User}@127.0.0.1",
            ]));
            running.Measure(client.Id);
            await LoopbackPort.WaitUntilAcceptingAsync(running.Port, client, cancellation);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }
}
