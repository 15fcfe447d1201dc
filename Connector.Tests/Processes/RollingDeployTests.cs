using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

/// <summary>A replica is replaced by a new version: nothing that runs is cut, and the successor has its place at once.</summary>
[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class RollingDeployTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Successor_serves_beside_a_draining_replica_whose_stream_lives_until_it_ends()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder("rolling");
        await using var paced = new PacedUpstream();
        await using var echo = LoopbackUpstream.StartEcho();
        await using var server = await ServerProcess.StartAsync(cancellation);
        var (streams, opens) = (await server.Api.CreateSocketAsync("streams", paced.Port), await server.Api.CreateSocketAsync("opens", echo.Port));
        var health = FreePorts.Take();
        await using var first = await ReplicaProcess.StartAsync(server, folder, health, cancellation);
        var watch = await ServedStream.StartAsync(streams, cancellation);
        using var http = new HttpClient { BaseAddress = first.Health };
        var before = JsonNode.Parse(await http.GetStringAsync("status", cancellation))!;
        Assert.Equal(("ready", "lone", 1), ((string?)before["status"], (string?)before["role"], (int?)before["streams"]!["live"]));
        Assert.Equal("ready, lone", (await http.GetStringAsync("readyz", cancellation)).Trim());

        first.Process.Signal(UnixSignal.Terminate);
        await using var second = await ReplicaProcess.StartAsync(server, folder, health, cancellation);

        // The same state directory and the same health port, while the first still runs.
        Assert.False(first.Process.HasExited, first.Process.Output);
        using var fresh = new HttpClient { BaseAddress = second.Health };
        await Eventually.IsTrueAsync(
            async () => (await fresh.GetAsync("readyz", cancellation)).StatusCode == HttpStatusCode.OK, "the successor is ready", cancellation);
        var after = JsonNode.Parse(await fresh.GetStringAsync("status", cancellation))!;
        Assert.Equal((string?)before["replica_id"], (string?)after["replica_id"]);
        Assert.Equal((second.Process.Id, 0), ((int?)after["pid"], (int?)after["streams"]!["live"]));
        for (var i = 0; i < 20; i++)
        {
            await UserConnection.EchoEventuallyAsync(opens.Port, cancellation);
        }

        await watch.ReceiveAsync(100, cancellation);
        paced.Finish();
        Assert.Equal("end", await watch.Ended.WaitAsync(Deadline, cancellation));
        Assert.Equal(paced.SentBlocks(watch.Seed), watch.Blocks);

        // The stream is over when its user has closed his half too.
        Assert.False(first.Process.HasExited);
        await watch.DisposeAsync();
        Assert.Equal(0, await first.Process.WaitForExitAsync(Deadline));
        Assert.Contains("draining: 1 streams run", first.Process.Output, StringComparison.Ordinal);
        Assert.Contains("all streams have ended", first.Process.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("ready.json")), "the ready file is the successor's");
        Assert.False(second.Process.HasExited);
        await UserConnection.EchoAsync(opens.Port, cancellation);
    }

    [Fact]
    public Task Second_request_ends_a_draining_replica_at_once_and_says_what_it_cut() => BestOf.ThreeAsync(async () =>
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder("impatient");
        await using var paced = new PacedUpstream();
        await using var server = await ServerProcess.StartAsync(cancellation);
        var socket = await server.Api.CreateSocketAsync("streams", paced.Port);
        await using var replica = await ReplicaProcess.StartAsync(server, folder, FreePorts.Take(), cancellation);
        await using var watch = await ServedStream.StartAsync(socket, cancellation);
        replica.Process.Signal(UnixSignal.Terminate);
        await Eventually.IsTrueAsync(() => replica.Process.Output.Contains("draining: 1 streams run", StringComparison.Ordinal), "it drains", cancellation);
        await watch.ReceiveAsync(10, cancellation);

        // Not SIGINT: it stays ignored when whoever started the tests did so in the background of a shell.
        var clock = Stopwatch.StartNew();
        replica.Process.Signal(UnixSignal.Terminate);

        Assert.Equal(0, await replica.Process.WaitForExitAsync(Deadline));
        var took = clock.Elapsed;

        // Sooner than the edge gives up a replica that it only does not hear.
        Assert.NotEqual("end", await watch.Ended.WaitAsync(TimeSpan.FromSeconds(25), cancellation));

        // Held up for two seconds it ends without a word.
        return took < TimeSpan.FromSeconds(10) && replica.Process.Output.Contains("1 were cut", StringComparison.Ordinal)
            ? null
            : $"it took {took} and said {replica.Process.Output}";
    });

    [Fact]
    public async Task Streams_that_outlast_the_drain_timeout_are_cut_and_counted()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder("limit");
        await using var paced = new PacedUpstream();
        await using var server = await ServerProcess.StartAsync(cancellation);
        var socket = await server.Api.CreateSocketAsync("streams", paced.Port);
        await using var replica = await ReplicaProcess.StartAsync(server, folder, FreePorts.Take(), cancellation, drainTimeout: "2s");
        await using var watch = await ServedStream.StartAsync(socket, cancellation);

        replica.Process.Signal(UnixSignal.Terminate);

        Assert.Equal(0, await replica.Process.WaitForExitAsync(Deadline));
        Assert.Contains("1 streams are cut", replica.Process.Output, StringComparison.Ordinal);
        Assert.NotEqual("end", await watch.Ended.WaitAsync(Deadline, cancellation));
    }
}
