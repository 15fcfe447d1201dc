using System.Collections.Immutable;
using Connector.Actors.Discovery;
using Connector.Plugins;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Discovery;
using Connector.Protocol.Ids;
using Connector.Server.Discovery;
using Connector.Tests.Server.Discovery;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Connector.Tests.Actors.Discovery;

[Trait("kind", Kinds.Pure)]
public sealed class ScanResultTests
{
    private static readonly DiscoveryKey Key = new(new PluginId("p"), "d");

    [Fact]
    public void Result_that_is_longer_than_a_scan_may_be_is_cut_with_a_gap_and_the_control_plane_keeps_the_rest()
    {
        var requests = Requests([.. Enumerable.Range(0, 100).Select(static i => Large($"c{i}", labels: 200))]);

        var scan = Taken(requests);
        Assert.InRange(scan.Resources.Length, 60, 99);
        Assert.Contains($"only the first {scan.Resources.Length} of 100 resources fit", Assert.Single(scan.Gaps), StringComparison.Ordinal);
        Assert.Empty(scan.Errors);
        Assert.All(requests, static request => Assert.InRange(request.CalculateSize(), 1, 2 * 1024 * 1024));
    }

    [Fact]
    public void Resource_that_fits_into_no_message_is_a_gap()
    {
        var scan = Taken(Requests([Found.Container("a"), Large("b", labels: 200, bindings: 200), Found.Container("c")]));

        Assert.Equal(["a", "c"], scan.Resources.Select(static resource => resource.Name));
        Assert.Contains("1 resource", Assert.Single(scan.Gaps), StringComparison.Ordinal);
    }

    [Fact]
    public void What_fits_is_told_without_a_gap()
    {
        var scan = Taken(Requests([Found.Container("a"), Large("b", labels: 50)]));
        Assert.True(scan.IsComplete);
        Assert.Equal(["d", "e"], scan.DiscoveryIds.Order());
    }

    private static DiscoveredResource Large(string name, int labels, int bindings = 0)
    {
        var container = Found.Container(name);
        return new DiscoveredResource(container.Type, (DockerContainerDetails)container.Details with { Labels = Entries(labels), PortBindings = Entries(bindings) });
    }

    /// <summary>Some 3 KiB each, written.</summary>
    private static ImmutableSortedDictionary<string, string> Entries(int count)
        => Enumerable.Range(0, count).ToImmutableSortedDictionary(static i => $"l{i}", static _ => new string('\u4e00', 1_000));

    private static ImmutableArray<ControlStreamRequest> Requests(ImmutableArray<DiscoveredResource> resources)
        => ScanResult.Requests(Key.PluginId, Key.DiscoveryId, [Key.DiscoveryId, "e", "e"], "", Found.Noon, Found.Noon, Connector.Plugins.Discovery.Of(resources), null);

    private static Scan Taken(ImmutableArray<ControlStreamRequest> requests)
    {
        var reader = new ScanReader(new FakeTimeProvider(Found.Noon));
        return Assert.Single(requests.Select(request => reader.Add(Key, request.PluginDiscoveryResults)).OfType<Scan>());
    }
}
