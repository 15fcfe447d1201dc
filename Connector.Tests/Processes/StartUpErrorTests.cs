using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Connector.Tests.Host;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

/// <summary>A user's mistake: the program ends, says which thing it was, and shows no stack trace.</summary>
[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class StartUpErrorTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData("--https-port")]
    [InlineData("--http-port")]
    [InlineData("--tunnel-port")]
    public async Task Chosen_port_in_use_is_named(string option)
    {
        Installed.RequireLinux();
        using var folder = new TemporaryFolder("mistake");
        using var squatter = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        squatter.Bind(new IPEndPoint(IPAddress.Any, 0));
        squatter.Listen();
        var port = ((IPEndPoint)squatter.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);

        await AssertEndsNamingAsync(port, [.. Dev(folder, except: option), option, port]);
    }

    [Fact]
    public async Task Port_in_use_ends_each_role_with_the_reason_and_the_remedy_only()
    {
        Installed.RequireLinux();
        using var folder = new TemporaryFolder("mistake");
        using var squatter = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        squatter.Bind(new IPEndPoint(IPAddress.Any, 0));
        squatter.Listen();
        var port = ((IPEndPoint)squatter.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);
        var grouped = folder.Write("grouped.yaml", $"cluster: {{name: x, bind: \"127.0.0.1:{port}\", peers: [\"127.0.0.1:{port}\", \"127.0.0.1:1\"]}}\n");
        var token = HostFixture.Token();

        // All at once: two of them wait for a predecessor that might be about to let go.
        await Task.WhenAll(
            EndsAsync("--https-port", null, Server("https")),
            EndsAsync("--http-port", null, Server("http")),
            EndsAsync("--tunnel-port", null, Server("tunnel")),
            EndsAsync("--health", token, ["start", "--state-dir", folder.File("health"), "--health", $"127.0.0.1:{port}"]),
            EndsAsync("cluster.bind", token, ["start", "--state-dir", folder.File("group"), "--health", Health(), "--config", grouped]));

        IReadOnlyList<string> Server(string busy) =>
        [
            "server", "--data-dir", folder.File(busy), .. new[] { "https", "http", "tunnel" }.SelectMany(
                name => (string[])[$"--{name}-port", name == busy ? port : FreePorts.Take().ToString(CultureInfo.InvariantCulture)]),
        ];

        async Task EndsAsync(string remedy, string? token, IReadOnlyList<string> arguments)
        {
            var output = await AssertEndsNamingAsync(port, arguments, token);
            Assert.Contains("error: ", output, StringComparison.Ordinal);
            Assert.Contains(remedy, output, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Default_port_in_use_gives_way_and_says_so()
    {
        Installed.RequireLinux();
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder("busy");
        using var squatter = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            squatter.Bind(new IPEndPoint(IPAddress.Any, 8444));
            squatter.Listen();
        }
        catch (SocketException)
        {
            // Somebody else has it: busy all the same.
        }

        await using var process = ConnectorExecutable.Start([.. Dev(folder, except: "--tunnel-port"), "--ready-file", folder.File("ready.json")]);
        var ready = await ReadyFile.WaitAsync(folder.File("ready.json"), process, Deadline, cancellation);

        Assert.DoesNotContain(":8444", ready.Tunnel, StringComparison.Ordinal);
        await Eventually.IsTrueAsync(() => process.Output.Contains("8444", StringComparison.Ordinal), "dev says that port 8444 gave way", cancellation);
    }

    [Fact]
    public async Task Data_folder_that_is_a_file_is_named()
    {
        Installed.RequireLinux();
        using var folder = new TemporaryFolder("mistake");
        var file = folder.Write("occupied", "not a folder");

        await AssertEndsNamingAsync(file, [.. Dev(folder, except: "--data-dir"), "--data-dir", file]);
    }

    [Fact]
    public async Task State_folder_that_is_a_file_is_named()
    {
        Installed.RequireLinux();
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder("mistake");
        var file = folder.Write("occupied", "not a folder");
        await using var connector = await ConnectorProcess.StartDevAsync([], cancellation);

        await AssertEndsNamingAsync(file, ["start", "--state-dir", file, "--health", Health()], connector.Ready.ConnectorToken);
    }

    [Theory]
    [InlineData("web")]
    [InlineData("web=nonsense")]
    [InlineData("web=tcp://127.0.0.1")]
    [InlineData("web=tcp://127.0.0.1:70000")]
    public async Task Malformed_expose_is_named(string expose)
    {
        Installed.RequireLinux();
        using var folder = new TemporaryFolder("mistake");

        await AssertEndsNamingAsync(expose, [.. Dev(folder), "--expose", expose]);
    }

    [Theory]
    [InlineData("not-a-token")]
    [InlineData("a.b.c")]
    public async Task Malformed_token_ends_start_with_a_reason(string token)
    {
        Installed.RequireLinux();
        using var folder = new TemporaryFolder("mistake");

        var output = await AssertEndsNamingAsync("token", ["start", "--state-dir", folder.File("state"), "--health", Health()], token);

        // It may be a real one with a typing error: never printed.
        Assert.DoesNotContain(token, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_token_is_named()
    {
        Installed.RequireLinux();
        using var folder = new TemporaryFolder("mistake");

        await AssertEndsNamingAsync("BORDER0_TOKEN", ["start", "--state-dir", folder.File("state"), "--health", Health()]);
    }

    [Fact]
    public async Task Configuration_file_that_is_not_there_is_named()
    {
        Installed.RequireLinux();
        using var folder = new TemporaryFolder("mistake");

        await AssertEndsNamingAsync(folder.File("absent.yaml"), ["start", "--config", folder.File("absent.yaml")]);
    }

    private static string Health() => $"127.0.0.1:{FreePorts.Take().ToString(CultureInfo.InvariantCulture)}";

    private static IReadOnlyList<string> Dev(TemporaryFolder folder, string except = "")
    {
        var edge = FreePorts.TakeRange(4);
        (string Name, string Value)[] options =
        [
            ("--data-dir", folder.File("data")),
            ("--https-port", Text(FreePorts.Take())),
            ("--http-port", Text(FreePorts.Take())),
            ("--tunnel-port", Text(FreePorts.Take())),
            ("--edge-ports", $"{Text(edge)}-{Text(edge + 3)}"),
        ];
        return ["dev", .. options.Where(option => option.Name != except).SelectMany(option => (string[])[option.Name, option.Value])];

        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    }

    private static async Task<string> AssertEndsNamingAsync(string thing, IEnumerable<string> arguments, string? token = null)
    {
        await using var process = ConnectorExecutable.Start(arguments, new Dictionary<string, string> { ["BORDER0_TOKEN"] = token ?? "" });
        var code = await process.WaitForExitAsync(Deadline);

        Assert.NotEqual(0, code);
        Assert.Contains(thing, process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\n   at ", process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled exception", process.Output, StringComparison.OrdinalIgnoreCase);
        return process.Output;
    }
}
