using System.Globalization;
using System.Runtime.Versioning;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class LifecycleTests
{
    private const int LogRecords = 2_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Sigterm_ends_dev_cleanly()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var echo = LoopbackUpstream.StartEcho();
        await using var connector = await ConnectorProcess.StartDevAsync([Expose(echo)], cancellation);
        await UserConnection.EchoEventuallyAsync(connector.Ready.Sockets.Single().Port, cancellation);

        connector.Process.Signal(UnixSignal.Terminate);

        Assert.Equal(0, await connector.Process.WaitForExitAsync(Deadline));
        Assert.DoesNotContain("Unhandled exception", connector.Process.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Sigterm_ends_dev_cleanly_with_a_stream_running()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var paced = new PacedUpstream();
        await using var connector = await ConnectorProcess.StartDevAsync([$"load=tcp://127.0.0.1:{Text(paced.Port)}"], cancellation);
        await using var watch = await ServedStream.StartAsync(new ApiSocket("", "load", connector.Ready.Sockets.Single().Port), cancellation);

        connector.Process.Signal(UnixSignal.Terminate);

        Assert.Equal(0, await connector.Process.WaitForExitAsync(Deadline));
        Assert.NotEqual("left", await watch.Ended.WaitAsync(Deadline, cancellation));
    }

    [Fact]
    public async Task Killed_dev_comes_back_with_its_sockets()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder("again");
        await using var echo = LoopbackUpstream.StartEcho();
        ApiSocket created;
        await using (var first = await ConnectorProcess.StartDevAsync([], cancellation, dataFolder: folder.File("data")))
        {
            created = await first.Api.CreateSocketAsync("kept", echo.Port);
            await UserConnection.EchoEventuallyAsync(created.Port, cancellation);
            first.Process.Signal(UnixSignal.Kill);
            await first.Process.WaitForExitAsync(Deadline);
        }

        await using var second = await ConnectorProcess.StartDevAsync([], cancellation, dataFolder: folder.File("data"));

        (await second.Api.SendAsync(HttpMethod.Get, $"socket/{created.Id}")).EnsureSuccess("Reading the socket after the crash");
    }

    [Fact]
    public async Task Tokens_are_on_no_command_line()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var connector = await ConnectorProcess.StartDevAsync([], cancellation);
        string[] secrets = [connector.Ready.AdminToken!, connector.Ready.ConnectorToken!];

        var lines = ProcessTree.WithDescendants(connector.ProcessIds).Select(ProcessTree.CommandLine).ToArray();

        Assert.Contains(lines, static line => line.Length > 0);
        Assert.All(lines, line => Assert.All(secrets, secret => Assert.DoesNotContain(secret, line, StringComparison.Ordinal)));
    }

    [Fact]
    [SupportedOSPlatform("linux")]
    public async Task State_and_data_folders_are_closed_to_others()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder("modes");
        await using var connector = await ConnectorProcess.StartDevAsync([], cancellation, dataFolder: folder.File("data"));
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

        // Whoever cannot enter the folder cannot reach what is in it; keys and tokens are closed by themselves as well.
        Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(folder.File("data")) & others);
        var open = Directory.EnumerateFiles(folder.File("data"), "*", SearchOption.AllDirectories)
            .Where(path => (FileModes.Of(path) & others) != UnixFileMode.None);
        Assert.Empty(open);
    }

    [Fact]
    public async Task Blocked_output_does_not_block_the_connector()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var echo = LoopbackUpstream.StartEcho();
        await using var connector = await ConnectorProcess.StartDevAsync(
            [Expose(echo), $"nobody=tcp://127.0.0.1:{Text(FreePorts.Take())}"], cancellation, ChildOutput.Blocked);
        var served = connector.Ready.Sockets.Single(socket => socket.Name == "echo").Port;
        var refused = connector.Ready.Sockets.Single(socket => socket.Name == "nobody").Port;
        await UserConnection.EchoEventuallyAsync(served, cancellation);

        // Each refused upstream leaves a log record; together they fill the pipes that nobody reads.
        for (var i = 0; i < LogRecords; i++)
        {
            Assert.True(await UserConnection.EndsAsync(refused, cancellation), "the refused connection stayed open");
        }

        await UserConnection.EchoAsync(served, cancellation);
        (await connector.Api.SendAsync(HttpMethod.Get, "connectors")).EnsureSuccess("Listing the connectors");
        connector.Process.Signal(UnixSignal.Terminate);
        Assert.Equal(0, await connector.Process.WaitForExitAsync(Deadline));
    }

    private static string Expose(LoopbackUpstream upstream) => $"echo=tcp://127.0.0.1:{Text(upstream.Port)}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
