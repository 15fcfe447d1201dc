using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

/// <summary>What a user sees on a terminal, and what happens when there is none.</summary>
[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class OutputTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    // Part of every record of a refusal, whoever writes it; the record that says that the socket is served has it not.
    private const string Refusal = "forbidden by cloud metadata service";

    [Fact]
    public async Task Clean_stop_says_nothing_alarming_and_nothing_of_frameworks()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var connector = await ConnectorProcess.StartDevAsync([], cancellation);

        connector.Process.Signal(UnixSignal.Terminate);

        Assert.Equal(0, await connector.Process.WaitForExitAsync(Deadline));
        var output = connector.Process.Output;
        Assert.DoesNotContain("StandardOutLogger", output, StringComparison.Ordinal);
        Assert.DoesNotContain("[DEBUG]", output, StringComparison.Ordinal);

        // Before, a busy machine may have had something to warn of.
        Assert.Contains("Stopping ...", output, StringComparison.Ordinal);
        var stop = output[output.IndexOf("Stopping ...", StringComparison.Ordinal)..];
        Assert.DoesNotContain("no control session", stop, StringComparison.Ordinal);
        Assert.DoesNotContain(" warn: ", stop, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(">/dev/full")]
    [InlineData(">/dev/full 2>/dev/full")]
    [InlineData(">&-")]
    public async Task Output_that_cannot_be_written_stops_nothing(string redirection)
    {
        Installed.RequireLinux();
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder("output");
        var runtime = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var edge = FreePorts.TakeRange(4);
        string[] arguments =
        [
            "dev", "--data-dir", folder.File("data"), "--ready-file", folder.File("ready.json"), "--https-port", $"{FreePorts.Take()}",
            "--http-port", $"{FreePorts.Take()}", "--tunnel-port", $"{FreePorts.Take()}", "--edge-ports", $"{edge}-{edge + 3}",
        ];
        await using var process = ChildProcess.Start(
            "/bin/sh", ["-c", $"exec \"$@\" {redirection}", "sh", runtime, ConnectorExecutable.Library, .. arguments]);
        var ready = await ReadyFile.WaitAsync(folder.File("ready.json"), process, Deadline, cancellation);

        using var http = new HttpClient();
        Assert.Contains("It works", await http.GetStringAsync(new Uri($"http://127.0.0.1:{ready.Sockets.Single().Port}/"), cancellation), StringComparison.Ordinal);
        process.Signal(UnixSignal.Terminate);
        Assert.Equal(0, await process.WaitForExitAsync(Deadline));
    }

    [Fact]
    public async Task Refused_upstream_leaves_one_record_in_the_connector_s_log()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var connector = await ConnectorProcess.StartDevAsync(["metadata=tcp://169.254.169.254:80"], cancellation);
        await ConnectInVainAsync(connector, cancellation);

        await Eventually.IsTrueAsync(
            async () => (await connector.Api.LogsAsync()).Contains(Refusal, StringComparison.Ordinal), "the refusal is in the log", cancellation);

        // Whatever the replica ships after the refusal comes after it: a second stream's end shows that nothing is still on its way.
        var replica = connector.Ready.Replicas.Single().Id;
        await ConnectInVainAsync(connector, cancellation);

        var records = await RefusalRecordsAsync(connector, count: 2, cancellation);
        Assert.All(records, record => Assert.Contains("socket metadata: ", record, StringComparison.Ordinal));
        Assert.All(records, record => Assert.Contains(replica, record, StringComparison.Ordinal));
        Assert.All(records, record => Assert.Contains("169.254.169.254", record, StringComparison.Ordinal));
    }

    private static async Task ConnectInVainAsync(ConnectorProcess connector, CancellationToken cancellation)
    {
        try
        {
            using var client = await UserConnection.OpenAsync(connector.Ready.Sockets.Single().Port, cancellation);
            await client.ReadToEndAsync(cancellation);
        }
        catch (System.Net.Sockets.SocketException)
        {
            // The reset may come before the connection is looked at.
        }
    }

    private static async Task<string[]> RefusalRecordsAsync(ConnectorProcess connector, int count, CancellationToken cancellation)
    {
        string[] found = [];
        await Eventually.IsTrueAsync(
            async () =>
            {
                var answer = await connector.Api.SendAsync(HttpMethod.Get, $"connector/{connector.Ready.ConnectorId}/logs?page_size=500");

                // The lamp of the upstream has a record of its own, with the same reason.
                found =
                [
                    .. answer.Json["list"]!.AsArray().Select(record => (string?)record!["message"] ?? "")
                        .Where(text => text.Contains(Refusal, StringComparison.Ordinal) && !text.Contains("upstream lamp of", StringComparison.Ordinal)),
                ];
                return found.Length >= count;
            },
            $"{count} records",
            cancellation);
        Assert.Equal(count, found.Length);
        return found;
    }
}
