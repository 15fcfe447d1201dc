using System.Formats.Tar;
using Connector.Tests.Processes;
using Connector.Tests.Services;

namespace Connector.Tests.Plugins.Docker;

/// <summary>A real Docker engine on a socket in its own folder, with an image of busybox. Its mounts are its own, so that nothing of them is left.</summary>
internal sealed class DockerEngine : IAsyncDisposable
{
    public const string Image = "busybox-of-test:1";

    private static readonly InstalledProgram Daemon = new("dockerd", "docker.io");
    private static readonly InstalledProgram Client = new("docker", "docker.io");
    private static readonly InstalledProgram Containers = new("containerd", "containerd");
    private static readonly InstalledProgram Busybox = new("busybox", "busybox-static", "/bin", "/usr/bin");
    private static readonly InstalledProgram Unshare = new("unshare", "util-linux");
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly TemporaryFolder folder = new("docker");
    private ChildProcess? process;

    public string Host => $"unix://{folder.File("docker.sock")}";

    public static void Require()
    {
        Installed.Require(Daemon, Client, Containers, Busybox, Unshare);
        if (!Environment.IsPrivilegedProcess)
        {
            Installed.SkipUnlessCi("a Docker engine is started by root");
        }
    }

    public static async Task<DockerEngine> StartAsync(CancellationToken cancellation)
    {
        var engine = new DockerEngine();
        try
        {
            engine.process = ChildProcess.Start(
                Unshare.Require(),
                [
                    "--mount", "--", Daemon.Require(), "--storage-driver=vfs", "--iptables=false", "--ip6tables=false", "--bridge=none",
                    "--data-root", engine.folder.File("data"), "--exec-root", engine.folder.File("exec"), "--pidfile", engine.folder.File("pid"), "-H", engine.Host,
                ]);
            await Eventually.SucceedsAsync(() => engine.RunAsync("version"), "the engine answers", cancellation);
            await engine.ImportAsync(cancellation);
            return engine;
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    /// <summary>A command of the docker client.</summary>
    public Task<string> RunAsync(params IEnumerable<string> arguments)
        => ChildProcess.RunAsync(Client.Require(), ["-H", Host, .. arguments], Deadline, new Dictionary<string, string> { ["DOCKER_CONFIG"] = folder.Path });

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        folder.Dispose();
    }

    private async Task ImportAsync(CancellationToken cancellation)
    {
        var archive = folder.File("image.tar");
        await using (var tar = new TarWriter(File.Create(archive)))
        {
            await tar.WriteEntryAsync(Busybox.Require(), "bin/busybox", cancellation);
        }

        await RunAsync("import", archive, Image);
    }
}
