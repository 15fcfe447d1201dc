using System.Text.RegularExpressions;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

/// <summary>What is left of a replica when its process is not, and nobody is there to tell it again.</summary>
[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class ReplicaRestartTests
{
    private const string Held = "as an earlier start left it";
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Replica_that_was_killed_while_the_control_plane_was_away_serves_again()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var echo = LoopbackUpstream.StartEcho();
        await using var both = await ServerAndReplica.StartAsync(cancellation);
        var socket = await both.Api.CreateSocketAsync("kept", echo.Port);
        await UserConnection.EchoEventuallyAsync(socket.Port, cancellation);
        await OnDiskAsync(both, socket.Id, cancellation);
        await OnDiskAsync(both, "local", cancellation);

        await both.KillServerAsync();
        await both.KillReplicaAsync();
        await both.StartReplicaAsync(cancellation);

        await ServesAsync(both, socket, cancellation);
        await Eventually.IsTrueAsync(
            async () => (await both.StatusAsync(cancellation)).Links is [{ EdgeId: "local", Connected: false }], "the link is known and not connected", cancellation);

        // Once more, so that there are records of a process that never had a control session.
        await OnDiskAsync(both, Held, cancellation);
        await both.KillReplicaAsync();
        await both.StartReplicaAsync(cancellation);
        await ServesAsync(both, socket, cancellation);

        await both.StartServerAsync(cancellation);
        await UserConnection.EchoEventuallyAsync(socket.Port, cancellation);
        await Eventually.IsTrueAsync(
            async () => Regex.Count(await both.Api.LogsAsync(), Held) == 2, "the records of both processes without a control plane arrive, once each", cancellation);
    }

    [Fact]
    public async Task Replica_that_was_stopped_in_order_leaves_one_file_and_serves_again()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var echo = LoopbackUpstream.StartEcho();
        await using var both = await ServerAndReplica.StartAsync(cancellation);
        var socket = await both.Api.CreateSocketAsync("kept", echo.Port);
        await UserConnection.EchoEventuallyAsync(socket.Port, cancellation);

        both.Replica.Signal(UnixSignal.Terminate);
        Assert.Equal(0, await both.Replica.WaitForExitAsync(Deadline));
        Assert.Equal([both.StateFile], Directory.EnumerateFiles(Path.GetDirectoryName(both.StateFile)!, "state*"));
        await both.KillServerAsync();
        await both.StartReplicaAsync(cancellation);

        await ServesAsync(both, socket, cancellation);
        Assert.DoesNotContain("eyJ", both.Replica.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replica_whose_file_is_damaged_says_so_and_is_told_again()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var echo = LoopbackUpstream.StartEcho();
        await using var both = await ServerAndReplica.StartAsync(cancellation);
        var socket = await both.Api.CreateSocketAsync("kept", echo.Port);
        await UserConnection.EchoEventuallyAsync(socket.Port, cancellation);
        await both.KillReplicaAsync();
        await File.WriteAllTextAsync(both.StateFile, "this was a database", cancellation);

        // From the write-ahead log of a killed process SQLite would bring everything back.
        foreach (var companion in Directory.EnumerateFiles(Path.GetDirectoryName(both.StateFile)!, "state.db-*"))
            File.Delete(companion);

        await both.StartReplicaAsync(cancellation);
        await UserConnection.EchoEventuallyAsync(socket.Port, cancellation);

        Assert.Equal(1, Regex.Count(both.Replica.Output, "cannot be read"));
        Assert.Single(Directory.EnumerateFiles(Path.GetDirectoryName(both.StateFile)!, "state.aside-*.db"));
        await OnDiskAsync(both, socket.Id, cancellation);
    }

    [Fact]
    public async Task Replica_on_a_full_disk_serves_what_it_is_told_and_keeps_it_later()
    {
        Installed.RequireLinux();
        if (!Environment.IsPrivilegedProcess)
            Installed.SkipUnlessCi("mounting a small file system needs root");

        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder("disk");
        var disk = Directory.CreateDirectory(folder.File("small")).FullName;
        await ChildProcess.RunAsync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], Deadline);
        try
        {
            await using var echo = LoopbackUpstream.StartEcho();
            await using var both = await ServerAndReplica.StartAsync(cancellation, Path.Combine(disk, "state"));
            var before = await both.Api.CreateSocketAsync("before", echo.Port);
            await UserConnection.EchoEventuallyAsync(before.Port, cancellation);
            var filler = Path.Combine(disk, "filler");
            Fill(filler);

            var told = new List<ApiSocket>();
            while (!both.Replica.Output.Contains("cannot be kept", StringComparison.Ordinal))
            {
                Assert.InRange(told.Count, 0, 15);
                told.Add(await both.Api.CreateSocketAsync($"full-{told.Count}", echo.Port));
                await UserConnection.EchoEventuallyAsync(told[^1].Port, cancellation);

                // It serves what it is told before that is written.
                for (var wait = 0; wait < 20 && !both.Replica.Output.Contains("cannot be kept", StringComparison.Ordinal); wait++)
                {
                    await Task.Delay(100, cancellation);
                }
            }

            Assert.Contains("the disk is full", both.Replica.Output, StringComparison.Ordinal);
            await UserConnection.EchoAsync(before.Port, cancellation);

            File.Delete(filler);
            await Eventually.IsTrueAsync(
                () => both.Replica.Output.Contains("is kept in", StringComparison.Ordinal), "the replica says that its state is kept again", cancellation,
                TimeSpan.FromSeconds(150));
            Assert.Equal(1, Regex.Count(both.Replica.Output, "cannot be kept"));
            await both.KillServerAsync();
            await both.KillReplicaAsync();
            await both.StartReplicaAsync(cancellation);
            await ServesAsync(both, before, cancellation);
            await ServesAsync(both, told[^1], cancellation);
        }
        finally
        {
            await ChildProcess.RunAsync("umount", ["-l", disk], Deadline);
        }
    }

    private static Task OnDiskAsync(ServerAndReplica both, string text, CancellationToken cancellation)
        => Eventually.IsTrueAsync(() => both.IsOnDisk(text), $"{text} is in the state file", cancellation);

    private static Task ServesAsync(ServerAndReplica both, ApiSocket socket, CancellationToken cancellation)
        => Eventually.IsTrueAsync(
            async () => (await both.StatusAsync(cancellation)).Sockets?.Any(s => s.Id == socket.Id && s.State == "serving") == true,
            $"the replica serves {socket.Name}",
            cancellation);

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var size in (int[])[1 << 16, 1 << 12, 1])
        {
            var block = new byte[size];
            try
            {
                while (true)
                    file.Write(block);
            }
            catch (IOException)
            {
                // Full for blocks of this size.
            }
        }
    }
}
