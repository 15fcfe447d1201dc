using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Services;

[Trait("kind", Kinds.Service)]
[Collection(RealThings.Name)]
public sealed class SshThroughEdgeTests(SharedDev dev)
{
    private const int FileBytes = 200_000_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Scp_of_two_hundred_megabytes_both_ways_keeps_the_checksum()
    {
        Installed.Require(SshServer.Needs);
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = await SshServer.StartAsync(cancellation);
        await using var served = await ServeAsync(server, cancellation);
        using var folder = new TemporaryFolder("scp");
        var (original, there, back) = (folder.File("original"), folder.File("there"), folder.File("back"));
        await WriteRandomAsync(original, cancellation);

        await ScpAsync(server, served.Port, original, $"{SshServer.User}@127.0.0.1:{there}");
        await ScpAsync(server, served.Port, $"{SshServer.User}@127.0.0.1:{there}", back);

        var expected = await HashAsync(original, cancellation);
        Assert.Equal(expected, await HashAsync(there, cancellation));
        Assert.Equal(expected, await HashAsync(back, cancellation));
    }

    [Fact]
    public async Task Interactive_command_answers_line_by_line_on_a_terminal()
    {
        Installed.Require(SshServer.Needs);
        var cancellation = TestContext.Current.CancellationToken;
        await using var server = await SshServer.StartAsync(cancellation);
        await using var served = await ServeAsync(server, cancellation);
        await using var session = ChildProcess.Start(
            InstalledProgram.Ssh.Require(),
            SshArguments(server, served.Port, ["-tt"], "test -t 0 && echo terminal; while read line; do echo \"<$line>\"; done"));

        await SawAsync("terminal");
        foreach (var word in (string[])["one", "two", "three"])
        {
            await session.StandardInput.WriteAsync(Encoding.ASCII.GetBytes(word + "\n"), cancellation);
            await session.StandardInput.FlushAsync(cancellation);
            await SawAsync($"<{word}>");
        }

        // Ctrl-D ends the reading, and with it the command.
        await session.StandardInput.WriteAsync("\u0004"u8.ToArray(), cancellation);
        await session.StandardInput.FlushAsync(cancellation);
        await session.WaitForExitAsync(Deadline);

        Task SawAsync(string text) => Eventually.IsTrueAsync(
            () => session.Output.Contains(text, StringComparison.Ordinal) || (session.HasExited ? throw new InvalidOperationException($"ssh ended: {session.Output}") : false),
            $"the terminal shows {text}",
            cancellation);
    }

    private static IReadOnlyList<string> SshArguments(SshServer server, int port, IReadOnlyList<string> options, string command)
        => [.. server.ClientOptions, .. options, "-p", port.ToString(CultureInfo.InvariantCulture), $"{SshServer.User}@127.0.0.1", command];

    private static Task<string> ScpAsync(SshServer server, int port, string from, string to)
        => ChildProcess.RunAsync(
            InstalledProgram.Scp.Require(), ["-q", .. server.ClientOptions, "-P", port.ToString(CultureInfo.InvariantCulture), from, to], Deadline);

    private async Task<ServedPort> ServeAsync(SshServer server, CancellationToken cancellation)
    {
        var served = await ServedPort.CreateAsync(await dev.GetAsync(cancellation), server.Port);
        await Eventually.SucceedsAsync(
            () => ChildProcess.RunAsync(InstalledProgram.Ssh.Require(), SshArguments(server, served.Port, [], "true"), Deadline),
            "ssh is served through the edge",
            cancellation);
        return served;
    }

    private static async Task WriteRandomAsync(string path, CancellationToken cancellation)
    {
        var block = new byte[1_000_000];
        await using var file = File.Create(path);
        for (var written = 0; written < FileBytes; written += block.Length)
        {
            Random.Shared.NextBytes(block);
            await file.WriteAsync(block, cancellation);
        }
    }

    private static async Task<string> HashAsync(string path, CancellationToken cancellation)
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexString(await SHA256.HashDataAsync(file, cancellation));
    }
}
