using System.Collections.Immutable;
using Connector.Plugins.Docker;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;

namespace Connector.Tests.Plugins.Docker;

/// <summary>The discoverer against a real engine.</summary>
[Trait("kind", Kinds.Service)]
public sealed class DockerEngineTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Containers_are_told_when_they_start_and_end_and_found_meanwhile()
    {
        DockerEngine.Require();
        await using var engine = await DockerEngine.StartAsync(Cancellation);
        await using var discoverer = (DockerDiscoverer)DockerPlugin.CreateDiscoverers(
            new DockerDiscoveryConfiguration
            {
                DockerHost = engine.Host,
                IncludeWithLabels = ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add("app", ["web"]),
            },
            LocalEnvironment.With()).Single();
        Assert.Empty((await discoverer.DiscoverAsync(null, Cancellation)).Resources);
        await using var changes = discoverer.WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);

        await RunAsync(engine, "web", "web");
        await RunAsync(engine, "other", "other");
        var found = await FindAsync(discoverer, changes, 1);

        var details = (DockerContainerDetails)Assert.Single(found.Resources).Details;
        Assert.Equal(["/web"], details.Names);
        Assert.Equal((DockerEngine.Image, "running"), (details.Image, details.Status));
        Assert.Empty(details.PortBindings);

        await engine.RunAsync("rm", "-f", "web");
        Assert.Empty((await FindAsync(discoverer, changes, 0)).Resources);
    }

    private static Task<string> RunAsync(DockerEngine engine, string name, string label)
        => engine.RunAsync("run", "-d", "--network", "host", "--stop-signal", "KILL", "--name", name, "-l", $"app={label}", DockerEngine.Image, "/bin/busybox", "sleep", "300");

    // Scans after each change that is told, as the plugin does.
    private static async Task<Connector.Plugins.Discovery> FindAsync(
        DockerDiscoverer discoverer, IAsyncEnumerator<Connector.Plugins.SourceChanged> changes, int count)
    {
        while (true)
        {
            Assert.True(await changes.MoveNextAsync().AsTask().WaitAsync(Deadline, Cancellation));
            var found = await discoverer.DiscoverAsync(null, Cancellation);
            if (found.Resources.Length == count)
            {
                return found;
            }
        }
    }
}
