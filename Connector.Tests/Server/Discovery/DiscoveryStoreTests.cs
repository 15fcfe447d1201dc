using Connector.Protocol.Discovery;
using Connector.Protocol.Ids;
using Connector.Server.Discovery;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Connector.Tests.Server.Store;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Connector.Tests.Server.Discovery;

[Trait("kind", Kinds.Contract)]
public sealed class DiscoveryStoreTests : IDisposable
{
    private static readonly SessionEpoch First = new(0);
    private readonly FakeTimeProvider time = new(Found.Noon);
    private readonly OpenStore store;

    public DiscoveryStoreTests() => store = new OpenStore(time: time);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => store.Dispose();

    [Fact]
    public async Task Scan_is_kept_over_a_restart_with_its_history_and_records()
    {
        var (connector, key) = await PluginAsync();
        await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(0, Found.Container("a"), Found.Container("b")), Cancellation);
        await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(5, Found.Container("a", image: "new"), Found.Container("b")), Cancellation);
        store.Restart();

        var page = await ListAsync(connector);
        Assert.Equal(["a", "b"], page.Select(static row => row.Name));
        var a = page[0];
        Assert.Equal((Found.Noon.ToUnixTimeMilliseconds(), Found.Noon.AddMinutes(5).ToUnixTimeMilliseconds()), (a.FirstSeenAt, a.ChangedAt));
        Assert.Equal("new", Found.Detail(a.Resource, "image"));
        var changes = await store.Discovery.ChangesAsync(a.Id, new PageRequest(1, 10), Cancellation);
        Assert.Equal([("changed", "image"), ("found", "")], changes.Records.Select(static change => (change.Kind, change.Keys)));
        var messages = await store.MessagesAsync(connector);
        Assert.Equal(3, messages.Count);
        Assert.Contains("changed: docker_container /a \"a\" (docker_discoverer): image", messages[0], StringComparison.Ordinal);
        var scan = Assert.Single((await store.Discovery.ScansAsync([key.PluginId.Value], Cancellation))[key.PluginId.Value]);
        Assert.Equal((2, "[]", Found.Noon.AddMinutes(5).ToUnixTimeMilliseconds()), (scan.Found, scan.Errors, scan.CompletedAt));
    }

    [Fact]
    public async Task Resource_that_is_gone_leaves_its_history()
    {
        var (connector, key) = await PluginAsync();
        var others = Found.Scan(0, Found.Container("b"), Found.Container("c")).Resources;
        await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(0, [Found.Container("a"), .. others]), Cancellation);
        var id = (await ListAsync(connector))[0].Id;
        ScanTaken taken = null!;
        for (var minute = 1; minute <= 3; minute++)
        {
            taken = await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(minute, others), Cancellation);
        }

        Assert.Equal("docker_container /a", Assert.Single(taken.ToDial).Identity);
        Assert.Equal("a", Assert.Single(await ListAsync(connector, missing: true)).Name);
        await store.Discovery.TakeDialsAsync(connector, First, key, new HashSet<string> { "docker_container /a" }, Cancellation);

        Assert.Equal(["b", "c"], (await ListAsync(connector)).Select(static row => row.Name));
        Assert.Equal(["gone", "found"], (await store.Discovery.ChangesAsync(id, new PageRequest(1, 10), Cancellation)).Records.Select(static change => change.Kind));
        Assert.Contains("gone: docker_container /a", (await store.MessagesAsync(connector))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Container_that_is_away_for_some_seconds_comes_back_as_the_same()
    {
        var (connector, key) = await PluginAsync();
        var others = Found.Scan(0, Found.Container("b"), Found.Container("c")).Resources;
        await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(0, [Found.Container("a"), .. others]), Cancellation);
        var id = (await ListAsync(connector))[0].Id;
        for (var second = 1; second <= 5; second++)
        {
            var scan = Found.Scan(0, others) with { EndedAt = Found.Noon.AddSeconds(second) };
            Assert.Empty((await store.Discovery.TakeScanAsync(connector, First, key, scan, Cancellation)).ToDial);
            store.Restart();
        }

        Assert.Equal(1, Assert.Single(await ListAsync(connector, missing: true)).MissedScans);
        await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(1, [Found.Container("a"), .. others]), Cancellation);
        Assert.Equal((id, 0), (await ListAsync(connector)).Where(static row => row.Name == "a").Select(static row => (row.Id, row.MissedScans)).Single());
    }

    [Fact]
    public async Task Id_that_was_renamed_takes_its_resources_along_and_the_rest_goes_when_all_have_told()
    {
        var (connector, key) = await PluginAsync();
        var (one, two) = (key with { DiscoveryId = "net [1/2]" }, key with { DiscoveryId = "net [2/2]" });
        await store.Discovery.TakeScanAsync(connector, First, key, Running(Found.Scan(0, Found.Container("a"), Found.Container("b"), Found.Container("c")), key), Cancellation);
        var ids = (await ListAsync(connector)).ToDictionary(static row => row.Name, static row => row.Id);

        await store.Discovery.TakeScanAsync(connector, First, one, Running(Found.Scan(1, Found.Container("a", image: "new")), one, two), Cancellation);
        Assert.Equal(
            [("a", ids["a"], one.DiscoveryId), ("b", ids["b"], key.DiscoveryId), ("c", ids["c"], key.DiscoveryId)],
            (await ListAsync(connector)).Select(static row => (row.Name, row.Id, row.DiscoveryId)));
        await store.Discovery.TakeScanAsync(connector, First, two, Running(Found.Scan(1) with { Errors = ["permission denied"] }, one, two), Cancellation);
        Assert.Equal(3, (await ListAsync(connector)).Count);
        await store.Discovery.TakeScanAsync(connector, First, two, Running(Found.Scan(2, Found.Container("b"), Found.Container("d")), one, two), Cancellation);

        var page = await ListAsync(connector);
        Assert.Equal([("a", one.DiscoveryId), ("b", two.DiscoveryId), ("d", two.DiscoveryId)], page.Select(static row => (row.Name, row.DiscoveryId)));
        Assert.Equal((ids["b"], Found.Noon.ToUnixTimeMilliseconds()), (page[1].Id, page[1].FirstSeenAt));
        Assert.Equal(["changed", "found"], await KindsAsync(ids["a"]));
        Assert.Equal(["found"], await KindsAsync(ids["b"]));
        Assert.Equal(["gone", "found"], await KindsAsync(ids["c"]));
        Assert.Contains(await store.MessagesAsync(connector), static message => message.Contains("gone: docker_container /c", StringComparison.Ordinal));
        Assert.Equal([one.DiscoveryId, two.DiscoveryId], (await store.Discovery.ScansAsync([key.PluginId.Value], Cancellation))[key.PluginId.Value].Select(static scan => scan.DiscoveryId));
    }

    [Fact]
    public async Task Id_that_was_dropped_takes_all_it_found_with_it_however_many()
    {
        var (connector, key) = await PluginAsync();
        var other = key with { DiscoveryId = "other" };
        await store.Discovery.TakeScanAsync(connector, First, key, Running(Found.Scan(0, Found.Container("a")), key, other), Cancellation);
        await store.Discovery.TakeScanAsync(connector, First, other, Running(Found.Scan(0, Found.Container("b"), Found.Container("c"), Found.Container("a")), key, other), Cancellation);

        // A connector of before does not say what runs.
        await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(1, Found.Container("a")), Cancellation);
        Assert.Equal(4, (await ListAsync(connector)).Count);
        await store.Discovery.TakeScanAsync(connector, First, key, Running(Found.Scan(2, Found.Container("a")), key), Cancellation);

        var left = Assert.Single(await ListAsync(connector));
        Assert.Equal((key.DiscoveryId, 0), (left.DiscoveryId, left.MissedScans));
    }

    [Fact]
    public async Task What_the_changed_configuration_leaves_out_goes_though_it_answers()
    {
        var (connector, key) = await PluginAsync();
        var others = Found.Scan(0, Found.Container("b"), Found.Container("c")).Resources;
        await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(0, [Found.Container("a"), .. others]), Cancellation);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(await store.Plugins.UpdateAsync(key.PluginId, static plugin => plugin.Name = "renamed", Cancellation));
        var renamed = (await store.Plugins.FindAsync(key.PluginId, Cancellation))!;
        Assert.NotNull(await store.Plugins.UpdateAsync(key.PluginId, static plugin => plugin.Configuration = """{"narrower":1}""", Cancellation));
        Assert.True((await store.Plugins.FindAsync(key.PluginId, Cancellation))!.ConfiguredAt > renamed.ConfiguredAt);
        for (var minute = 1; minute <= 3; minute++)
        {
            Assert.Empty((await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(minute, others), Cancellation)).ToDial);
            Assert.Equal(minute < 3 ? 3 : 2, (await ListAsync(connector)).Count);
        }
    }

    [Fact]
    public async Task Source_that_cannot_be_read_is_recorded_once_each_way()
    {
        var (connector, key) = await PluginAsync();
        await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(0, Found.Container("a")), Cancellation);
        for (var minute = 1; minute < 4; minute++)
        {
            await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(minute) with { Errors = ["permission denied"] }, Cancellation);
        }

        await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(4, Found.Container("a")), Cancellation);
        var messages = await store.MessagesAsync(connector);
        Assert.Equal(3, messages.Count);
        Assert.Contains("can be read again", messages[0], StringComparison.Ordinal);
        Assert.Contains("permission denied", messages[1], StringComparison.Ordinal);
        Assert.Single(await ListAsync(connector));
    }

    [Fact]
    public async Task Held_resources_wait_for_a_review()
    {
        var (connector, key) = await PluginAsync();
        await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(0, Found.Container("a"), Found.Container("b")), Cancellation);
        Assert.False(await store.Discovery.ReviewAsync(key.PluginId, key.DiscoveryId, remove: true, Cancellation));
        for (var minute = 1; minute < 6; minute++)
        {
            Assert.Empty((await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(minute), Cancellation)).ToDial);
        }

        Assert.Equal(2, Assert.Single((await store.Discovery.ScansAsync([key.PluginId.Value], Cancellation))[key.PluginId.Value]).Held);
        Assert.Single(await store.MessagesAsync(connector), static message => message.Contains("they stay until", StringComparison.Ordinal));
        Assert.True(await store.Discovery.ReviewAsync(key.PluginId, key.DiscoveryId, remove: true, Cancellation));
        Assert.Empty(await ListAsync(connector));
    }

    [Fact]
    public async Task Stale_session_stores_nothing()
    {
        var (connector, key) = await PluginAsync();
        await store.Control.RaiseEpochAsync(connector, First, null, Cancellation);
        await Assert.ThrowsAsync<StaleEpochException>(() => store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(0, Found.Container("a")), Cancellation));
        await Assert.ThrowsAsync<StaleEpochException>(() => store.Discovery.TakeDialsAsync(connector, First, key, new HashSet<string>(), Cancellation));
        Assert.Empty(await ListAsync(connector));
    }

    [Fact]
    public async Task Plugin_of_another_connector_is_not_written_to()
    {
        var (_, key) = await PluginAsync();
        var other = await store.CreateConnectorAsync("other");
        Assert.False((await store.Discovery.TakeScanAsync(other, First, key, Found.Scan(0, Found.Container("a")), Cancellation)).Known);
        Assert.False((await store.Discovery.TakeScanAsync(other, First, key with { PluginId = new PluginId("none") }, Found.Scan(0, Found.Container("a")), Cancellation)).Known);
        Assert.Empty(await store.MessagesAsync(other));
    }

    [Fact]
    public async Task What_a_plugin_discovered_goes_with_it()
    {
        var (connector, key) = await PluginAsync();
        await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(0, Found.Container("a")), Cancellation);
        Assert.NotNull(await store.Plugins.DeleteAsync(key.PluginId, Cancellation));
        Assert.Empty(await ListAsync(connector));
        Assert.Equal(0, store.Database.Read(static db => db.DiscoveredChanges.Count() + db.DiscoveryScans.Count()));
    }

    [Fact]
    public async Task Thousands_of_resources_are_stored_with_a_bounded_number_of_records()
    {
        var (connector, key) = await PluginAsync();
        var many = Enumerable.Range(0, 5_000).Select(static i => Found.Container($"c{i:0000}")).ToArray();
        await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(0, [.. many]), Cancellation);
        Assert.Equal(5_000, (await store.Discovery.ListAsync(connector, new DiscoveredResourceFilter(null, null, null, null, null), new PageRequest(1, 10), Cancellation)).Total);
        Assert.Equal(51, (await store.MessagesAsync(connector)).Count);
    }

    [Fact]
    public async Task Filters_find_what_they_name()
    {
        var (connector, key) = await PluginAsync();
        var rds = new DiscoveredResource(ResourceTypes.AwsRdsInstance, new AwsRdsInstanceDetails { AwsArn = "arn:1", DbInstanceIdentifier = "orders_db", Engine = "postgres" });
        await store.Discovery.TakeScanAsync(connector, First, key, Found.Scan(0, Found.Container("web"), rds), Cancellation);

        Assert.Equal("orders_db", Assert.Single(await ListAsync(connector, type: ResourceTypes.AwsRdsInstance)).Name);
        Assert.Equal("orders_db", Assert.Single(await ListAsync(connector, search: "postgres")).Name);
        Assert.Equal("orders_db", Assert.Single(await ListAsync(connector, search: "s_d")).Name);
        Assert.Empty(await ListAsync(connector, search: "s%d"));
        Assert.Empty(await ListAsync(connector, missing: true));
    }

    private static Scan Running(Scan scan, params DiscoveryKey[] keys) => scan with { DiscoveryIds = [.. keys.Select(static key => key.DiscoveryId)] };

    private async Task<IEnumerable<string>> KindsAsync(string resourceId)
        => (await store.Discovery.ChangesAsync(resourceId, new PageRequest(1, 10), Cancellation)).Records.Select(static change => change.Kind);

    private async Task<(ConnectorId Connector, DiscoveryKey Key)> PluginAsync()
    {
        var connector = await store.CreateConnectorAsync("a");
        var plugin = new PluginRow
        {
            Id = Guid.NewGuid().ToString(), ConnectorId = connector.Value, Name = "docker", Type = "docker_discovery", Enabled = true, Configuration = "{}",
        };
        Assert.True(await store.Plugins.CreateAsync(plugin, Cancellation));
        return (connector, new DiscoveryKey(new PluginId(plugin.Id), "docker_discoverer"));
    }

    private async Task<IReadOnlyList<DiscoveredResourceRow>> ListAsync(ConnectorId connector, string? type = null, bool? missing = null, string? search = null)
        => (await store.Discovery.ListAsync(connector, new DiscoveredResourceFilter(null, null, type, missing, search), new PageRequest(1, 100), Cancellation)).Records;
}
