using System.Globalization;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class StatusTests(SharedDev dev)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Status_of_a_serving_replica_exits_0_and_of_a_refused_one_3()
    {
        Installed.RequireLinux();
        var cancellation = TestContext.Current.CancellationToken;
        var connector = await dev.GetAsync(cancellation);
        using var folder = new TemporaryFolder("status");
        var health = $"127.0.0.1:{FreePorts.Take().ToString(CultureInfo.InvariantCulture)}";
        await using var second = ConnectorExecutable.Start(
            ["start", "--state-dir", folder.File("state"), "--health", health],
            new Dictionary<string, string> { ["BORDER0_TOKEN"] = connector.Ready.ConnectorToken! });

        var serving = await RunAsync("status", "--health", new Uri(connector.Ready.Replicas[0].HealthUrl!).Authority);
        Assert.Equal((0, true), (serving.Code, serving.Output.Contains("ready, lone", StringComparison.Ordinal)));

        // A try that ended at a deadline instead says so, until the next one.
        var refused = "";
        await Eventually.IsTrueAsync(
            async () =>
            {
                (var code, refused) = await RunAsync("status", "--health", health);
                return code == 3 && refused.Contains("connector is already connected", StringComparison.Ordinal);
            },
            "status of the refused one exits 3 and says why", cancellation);
        Assert.Contains("not ready, lone: no configuration yet", refused, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        await using var process = ConnectorExecutable.Start(arguments);
        return (await process.WaitForExitAsync(Deadline), process.Output);
    }
}
