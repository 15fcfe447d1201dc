using System.Globalization;
using Connector.Tests.Processes;

namespace Connector.Tests.Services;

/// <summary>An sshd on loopback with its own keys, configuration and port, that lets in its own client key as the user we run as.</summary>
internal sealed class SshServer : IAsyncDisposable
{
    private readonly TemporaryFolder folder;
    private readonly ChildProcess daemon;

    private SshServer(TemporaryFolder folder, ChildProcess daemon, int port)
    {
        this.folder = folder;
        this.daemon = daemon;
        Port = port;
    }

    public static IReadOnlyList<InstalledProgram> Needs { get; } =
        [InstalledProgram.Sshd, InstalledProgram.Ssh, InstalledProgram.Scp, InstalledProgram.SshKeygen];

    public int Port { get; }

    public int ProcessId => daemon.Id;

    public void Signal(UnixSignal signal) => daemon.Signal(signal);

    public static string User => Environment.UserName;

    public static async Task<SshServer> StartAsync(CancellationToken cancellation)
    {
        var folder = new TemporaryFolder("sshd");
        ChildProcess? daemon = null;
        try
        {
            foreach (var key in (string[])["host_key", "client_key"])
            {
                await ChildProcess.RunAsync(
                    InstalledProgram.SshKeygen.Require(), ["-q", "-t", "ed25519", "-N", "", "-f", folder.File(key)], TimeSpan.FromSeconds(30));
            }

            if (Environment.IsPrivilegedProcess)
            {
                // sshd started by root insists on its empty folder, which the package makes only when the service starts.
                Directory.CreateDirectory("/run/sshd");
            }

            var port = FreePorts.Take();
            File.Copy(folder.File("client_key.pub"), folder.File("authorized_keys"));
            folder.Write("known_hosts", $"border0-test {await File.ReadAllTextAsync(folder.File("host_key.pub"), cancellation)}");
            var configuration = folder.Write("sshd_config", string.Create(CultureInfo.InvariantCulture, $"""
                ListenAddress 127.0.0.1
                Port {port}
                HostKey {folder.File("host_key")}
                PidFile none
                AuthorizedKeysFile {folder.File("authorized_keys")}
                StrictModes no
                UsePAM no
                PermitRootLogin prohibit-password
                PasswordAuthentication no
                KbdInteractiveAuthentication no
                AllowTcpForwarding yes
                MaxStartups 200
                UseDNS no
                PrintMotd no
                PrintLastLog no
                Subsystem sftp internal-sftp

                """));
            daemon = ChildProcess.Start(InstalledProgram.Sshd.Require(), ["-D", "-e", "-f", configuration]);
            await LoopbackPort.WaitUntilAcceptingAsync(port, daemon, cancellation);
            return new SshServer(folder, daemon, port);
        }
        catch
        {
            if (daemon is not null)
            {
                await daemon.DisposeAsync();
            }

            folder.Dispose();
            throw;
        }
    }

    /// <summary>Options for ssh and scp that log in here, through whatever port leads here, and look at nobody's own configuration.</summary>
    public IReadOnlyList<string> ClientOptions =>
    [
        "-F", "none",
        "-i", folder.File("client_key"),
        "-o", "IdentitiesOnly=yes",
        "-o", "BatchMode=yes",
        "-o", $"UserKnownHostsFile={folder.File("known_hosts")}",
        "-o", "HostKeyAlias=border0-test",
        "-o", "StrictHostKeyChecking=yes",
        "-o", "ConnectTimeout=20",
    ];

    public async ValueTask DisposeAsync()
    {
        await daemon.DisposeAsync();
        folder.Dispose();
    }
}
