using System.Globalization;
using Connector.Tests.Processes;

namespace Connector.Tests.Services;

/// <summary>An sshd on loopback with its own keys, configuration and port, that lets in its own client key as the user we run as.</summary>
internal sealed class SshServer : LoopbackServer
{
    private SshServer()
        : base("sshd")
    {
    }

    public static IReadOnlyList<InstalledProgram> Needs { get; } =
        [InstalledProgram.Sshd, InstalledProgram.Ssh, InstalledProgram.Scp, InstalledProgram.SshKeygen];

    public static string User => Environment.UserName;

    public static Task<SshServer> StartAsync(CancellationToken cancellation) => BeginAsync(new SshServer(), cancellation);

    /// <summary>Options for ssh and scp that log in here, through whatever port leads here, and look at nobody's own configuration.</summary>
    public IReadOnlyList<string> ClientOptions =>
    [
        "-F", "none",
        "-i", Folder.File("client_key"),
        "-o", "IdentitiesOnly=yes",
        "-o", "BatchMode=yes",
        "-o", $"UserKnownHostsFile={Folder.File("known_hosts")}",
        "-o", "HostKeyAlias=border0-test",
        "-o", "StrictHostKeyChecking=yes",
        "-o", "ConnectTimeout=20",
    ];

    protected override async Task PrepareAsync(CancellationToken cancellation)
    {
        foreach (var key in (string[])["host_key", "client_key"])
        {
            await ChildProcess.RunAsync(
                InstalledProgram.SshKeygen.Require(), ["-q", "-t", "ed25519", "-N", "", "-f", Folder.File(key)], TimeSpan.FromSeconds(30));
        }

        if (Environment.IsPrivilegedProcess)
        {
            // sshd started by root insists on its empty folder, which the package makes only when the service starts.
            Directory.CreateDirectory("/run/sshd");
        }

        File.Copy(Folder.File("client_key.pub"), Folder.File("authorized_keys"));
        Folder.Write("known_hosts", $"border0-test {await File.ReadAllTextAsync(Folder.File("host_key.pub"), cancellation)}");
    }

    protected override ChildProcess Launch()
    {
        var configuration = Folder.Write("sshd_config", string.Create(CultureInfo.InvariantCulture, $"""
            ListenAddress 127.0.0.1
            Port {Port}
            HostKey {Folder.File("host_key")}
            PidFile none
            AuthorizedKeysFile {Folder.File("authorized_keys")}
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
        return ChildProcess.Start(InstalledProgram.Sshd.Require(), ["-D", "-e", "-f", configuration]);
    }
}
