using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class FullDiskTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Full_disk_fails_changes_with_a_reason_and_serves_on()
    {
        Installed.RequireLinux();
        if (!Environment.IsPrivilegedProcess)
        {
            Installed.SkipUnlessCi("mounting a small file system needs root");
        }

        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder("disk");
        var disk = Directory.CreateDirectory(folder.File("small")).FullName;
        await ChildProcess.RunAsync("mount", ["-t", "tmpfs", "-o", "size=48m", "tmpfs", disk], Deadline);
        try
        {
            await using var connector = await ConnectorProcess.StartDevAsync([], cancellation, dataFolder: Path.Combine(disk, "data"));
            await using var echo = LoopbackUpstream.StartEcho();
            await using var served = await ServedPort.CreateAsync(connector, echo.Port);
            await UserConnection.EchoEventuallyAsync(served.Port, cancellation);
            var filler = Path.Combine(disk, "filler");
            Fill(filler);

            var refused = await RefusedChangeAsync(connector);
            Assert.NotEmpty((string?)refused.Json["error_message"] ?? "");
            await UserConnection.EchoAsync(served.Port, cancellation);
            Assert.False(connector.Process.HasExited, connector.Process.Output);

            // Room again: nothing was lost, and changes work without a restart.
            File.Delete(filler);
            var later = await Eventually.SucceedsAsync(
                () => connector.Api.CreateSocketAsync($"later-{Guid.NewGuid().ToString("N")[..8]}", echo.Port), "changes work again", cancellation);
            await UserConnection.EchoEventuallyAsync(later.Port, cancellation);
            await UserConnection.EchoAsync(served.Port, cancellation);
            await connector.Api.DeleteSocketAsync(later);
        }
        finally
        {
            await ChildProcess.RunAsync("umount", ["-l", disk], Deadline);
        }
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var size in (int[])[1 << 20, 1 << 12, 1])
        {
            var block = new byte[size];
            try
            {
                while (true)
                {
                    file.Write(block);
                }
            }
            catch (IOException)
            {
                // Full for blocks of this size.
            }
        }
    }

    /// <summary>Some changes still fit into pages the store already owns; sooner or later one does not.</summary>
    private static async Task<ApiAnswer> RefusedChangeAsync(ConnectorProcess connector)
    {
        for (var i = 0; i < 2_000; i++)
        {
            var body = connector.Api.SocketBody($"full-{i}", 1);
            body["description"] = new string('d', 1_000);
            var answer = await connector.Api.SendAsync(HttpMethod.Post, "socket", body.ToJsonString());
            if (!answer.Succeeded && (int)answer.Status >= 500)
            {
                return answer;
            }

            if (answer.Succeeded)
            {
                await connector.Api.SendAsync(HttpMethod.Delete, $"socket/full-{i}");
            }
        }

        throw new InvalidOperationException("Two thousand changes succeeded on a full disk: they were not written to it.");
    }
}
