using System.Globalization;
using System.Text.RegularExpressions;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

/// <summary>Another process with a token of the same connector, and no group: one serves, the other waits.</summary>
[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed partial class SecondReplicaTests
{
    private const string Refusal = "connector is already connected";
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [Fact]
    public Task Second_process_is_refused_says_so_once_disturbs_nothing_and_takes_over() => BestOf.ThreeAsync(async () =>
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder("first");
        using var other = new TemporaryFolder("second");
        await using var paced = new PacedUpstream();
        await using var server = await ServerProcess.StartAsync(cancellation);
        var socket = await server.Api.CreateSocketAsync("load", paced.Port);
        await using var first = await ReplicaProcess.StartAsync(server, folder, FreePorts.Take(), cancellation);
        var watch = await ServedStream.StartAsync(socket, cancellation);
        var epoch = (long?)(await first.StatusAsync(cancellation))["control_session"]!["epoch"];

        await using var second = await ReplicaProcess.StartAsync(server, other, FreePorts.Take(), cancellation, more: "log_level: debug");

        // Refused again and again, and only the first time is news.
        await Eventually.IsTrueAsync(
            async () => RefusedOften().IsMatch(second.Process.Output) || await HeldUpAsync(), "the second process was refused three times", cancellation);
        if (await HeldUpAsync())
        {
            return $"one of them was held up for longer than a claim waits: {second.Process.Output}";
        }

        Assert.Single(Lines(second.Process.Output), line => line.Contains(Refusal, StringComparison.Ordinal) && line.Contains("warn: ", StringComparison.Ordinal));
        Assert.Single(Lines(second.Process.Output), line => line.Contains(Refusal, StringComparison.Ordinal) && line.Contains("stop the other process", StringComparison.Ordinal));
        var refused = await StatusAsync(second);
        Assert.Equal((3, true), (refused.Code, refused.Output.Contains(Refusal, StringComparison.Ordinal)));
        Assert.False(second.Process.HasExited);

        await watch.ReceiveAsync(50, cancellation);
        Assert.False(watch.Ended.IsCompleted);
        var session = (await first.StatusAsync(cancellation))["control_session"]!;
        Assert.Equal(("online", epoch), ((string?)session["state"], (long?)session["epoch"]));
        Assert.Equal(0, (await StatusAsync(first)).Code);

        await watch.DisposeAsync();
        first.Process.Signal(UnixSignal.Terminate);
        Assert.Equal(0, await first.Process.WaitForExitAsync(Deadline));
        await Eventually.IsTrueAsync(async () => (await StatusAsync(second)).Code == 0, "the second process has the control session", cancellation);
        await using var next = await ServedStream.StartAsync(socket, cancellation);
        await next.ReceiveAsync(20, cancellation);
        return null;

        // The first did not answer in time and lost the session, or a claim of the second ended at its deadline: neither is what is looked at here.
        async Task<bool> HeldUpAsync() => second.Process.Output.Contains("sockets stay in service", StringComparison.Ordinal)
            || (long?)(await first.StatusAsync(cancellation))["control_session"]!["epoch"] != epoch;
    });

    [GeneratedRegex(@"failure ([3-9]|\d\d+) in a row")]
    private static partial Regex RefusedOften();

    private static string[] Lines(string output) => output.Split('\n');

    private static async Task<(int Code, string Output)> StatusAsync(ReplicaProcess replica)
    {
        await using var process = ConnectorExecutable.Start(["status", "--health", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{replica.Health.Port}")]);
        return (await process.WaitForExitAsync(Deadline), process.Output);
    }
}
