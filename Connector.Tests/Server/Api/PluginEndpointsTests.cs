using System.Text.Json;
using Connector.Protocol.Discovery;
using Connector.Protocol.Ids;
using Connector.Protocol.Plugins;
using Connector.Server.Discovery;
using Connector.Server.Store;
using Connector.Tests.Server.Discovery;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Tests.Server.Api;

[Trait("kind", Kinds.Contract)]
public sealed class PluginEndpointsTests
{
    private static readonly object Docker = new { docker_discovery_plugin_configuration = new { scan_interval_minutes = 5 } };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Default_of_each_type_can_be_created_as_it_is()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = await server.CreateConnectorAsync("a");
        foreach (var type in PluginTypes.All)
        {
            var defaults = await server.GetAsync($"connector/plugins/defaults/{type}");
            Assert.Equal(type, defaults.GetProperty("plugin_type").GetString());
            var made = await server.PostAsync(
                "connector/plugins", new { connector_id = connector, enabled = true, plugin_type = type, configuration = defaults.GetProperty("configuration") });
            Assert.Equal((type, true), (made.GetProperty("plugin_type").GetString(), made.GetProperty("enabled").GetBoolean()));
            Assert.True(JsonElement.DeepEquals(defaults.GetProperty("configuration"), made.GetProperty("configuration")));
        }

        Assert.Equal(PluginTypes.All, (await server.GetAsync($"connector/{connector}/plugins")).GetProperty("list").EnumerateArray().Select(static plugin => plugin.GetProperty("plugin_type").GetString()));
        Assert.Contains("docker_discovery was probably meant", await server.RefusedAsync(HttpMethod.Get, "connector/plugins/defaults/docker_discover", null, 400), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plugin_is_changed_switched_off_and_deleted()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = await server.CreateConnectorAsync("a");
        var id = await CreateAsync(server, connector);
        server.Sessions.Told.Clear();

        var changed = await server.PutAsync($"connector/plugins/{id}", new { enabled = false, name = "containers" });
        Assert.Equal((false, "containers"), (changed.GetProperty("enabled").GetBoolean(), changed.GetProperty("name").GetString()));
        Assert.Equal(5, changed.GetProperty("configuration").GetProperty("docker_discovery_plugin_configuration").GetProperty("scan_interval_minutes").GetInt32());
        Assert.Equal([$"changed {connector}"], server.Sessions.Told);
        Assert.Contains("stays so", await server.RefusedAsync(HttpMethod.Put, $"connector/plugins/{id}", new { plugin_type = "network_discovery" }, 400), StringComparison.Ordinal);

        await server.DeleteAsync($"connector/plugins/{id}");
        await server.RefusedAsync(HttpMethod.Get, $"connector/plugins/{id}", null, 404);
        await server.RefusedAsync(HttpMethod.Delete, $"connector/plugins/{id}", null, 404);
    }

    [Theory]
    [InlineData("network_discovery", """{"docker_discovery_plugin_configuration":{"scan_interval_minutes":5}}""", "does not belong to type network_discovery")]
    [InlineData("docker_discovery", """{}""", "docker_discovery_plugin_configuration: missing")]
    [InlineData("docker_discovery", """{"docker_discovery_plugin_configuration":{}}""", "scan_interval_minutes: must be a whole number from 1")]
    [InlineData("docker_discovery", """{"docker_discovery_plugin_configuration":{"scan_interval_minutes":0}}""", "scan_interval_minutes: must be a whole number from 1")]
    [InlineData("docker_discovery", """{"docker_discovery_plugin_configuration":{"scan_interval_minutes":5,"labels":{}}}""", "labels")]
    [InlineData("network_discovery", """{"network_discovery_plugin_configuration":{"scan_interval_minutes":5,"targets":[{"target":"10.0.0.0/33"}]}}""", "targets[0].target: not a network")]
    [InlineData("network_discovery", """{"network_discovery_plugin_configuration":{"scan_interval_minutes":5,"targets":[{"target":"10.0.0.0/8"}]}}""", "65536 are the most")]
    [InlineData("network_discovery", """{"network_discovery_plugin_configuration":{"scan_interval_minutes":5,"targets":[]}}""", "name at least one network")]
    [InlineData("aws_ec2_discovery", """{"aws_ec2_discovery_plugin_configuration":{"scan_interval_minutes":5,"aws_credentials":{"aws_access_key_id":"A"}}}""", "go together")]
    [InlineData("aws_ec2_discovery", """{"aws_ec2_discovery_plugin_configuration":{"scan_interval_minutes":5,"aws_regions":["eu-west-1\n"]}}""", "aws_regions[0]: not a region")]
    [InlineData("aws_rds_discovery", """{"aws_rds_discovery_plugin_configuration":{"scan_interval_minutes":5,"assume_roles":[{"role_arn":"arn:aws:iam::1:role/x"}]}}""", "assume_roles[0].role_arn")]
    [InlineData("kubernetes_discovery", """{"kubernetes_discovery_plugin_configuration":{"scan_interval_minutes":5,"namespaces":["Default"]}}""", "namespaces[0]: not the name of a namespace")]
    public async Task Wrong_configuration_is_refused_with_its_place(string type, string configuration, string expected)
    {
        await using var server = await ApiServer.StartAsync();
        var message = await server.RefusedAsync(
            HttpMethod.Post, "connector/plugins",
            new { connector_id = await server.CreateConnectorAsync("a"), plugin_type = type, configuration = JsonElement.Parse(configuration) }, 400);
        Assert.StartsWith("configuration.", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Discover_is_sent_to_a_connected_connector_only()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = await server.CreateConnectorAsync("a");
        var id = await CreateAsync(server, connector);
        Assert.Contains("not connected now", await server.RefusedAsync(HttpMethod.Post, $"connector/plugins/{id}/discover", null, 409), StringComparison.Ordinal);

        server.Sessions.States[new ConnectorId(connector)] = Online(connector);
        Assert.NotEmpty((await server.PostAsync($"connector/plugins/{id}/discover", new { })).GetProperty("request_id").GetString()!);
        Assert.Contains($"discover {connector} {id}", server.Sessions.Told);

        await server.PutAsync($"connector/plugins/{id}", new { enabled = false });
        Assert.Contains("switched off", await server.RefusedAsync(HttpMethod.Post, $"connector/plugins/{id}/discover", null, 409), StringComparison.Ordinal);
    }

    [Fact]
    public async Task State_and_scans_of_a_plugin_are_shown()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = await server.CreateConnectorAsync("a");
        var id = await CreateAsync(server, connector);
        server.Sessions.States[new ConnectorId(connector)] = Online(connector) with
        {
            Plugins = [new PluginState(new PluginId(id), new ReplicaId("r1"), "waiting", "permission denied")],
        };
        var store = server.Services.GetRequiredService<DiscoveryStore>();
        await store.TakeScanAsync(
            new ConnectorId(connector), new SessionEpoch(0), new DiscoveryKey(new PluginId(id), "docker_discoverer"), Found.Scan(0) with { Errors = ["permission denied"] }, Cancellation);

        var shown = await server.GetAsync($"connector/plugins/{id}");
        Assert.Equal(("waiting", "permission denied"), (shown.GetProperty("status").GetProperty("state").GetString(), shown.GetProperty("status").GetProperty("reason").GetString()));
        var scan = Assert.Single(shown.GetProperty("scans").EnumerateArray());
        Assert.Equal("permission denied", Assert.Single(scan.GetProperty("errors").EnumerateArray()).GetString());
        Assert.False(scan.TryGetProperty("completed_at", out _));
    }

    [Fact]
    public async Task Discovered_resources_are_listed_filtered_and_paged()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = await server.CreateConnectorAsync("a");
        var id = await CreateAsync(server, connector);
        var key = new DiscoveryKey(new PluginId(id), "docker_discoverer");
        var store = server.Services.GetRequiredService<DiscoveryStore>();
        await store.TakeScanAsync(new ConnectorId(connector), new SessionEpoch(0), key, Found.Scan(0, [.. Enumerable.Range(0, 7).Select(static i => Found.Container($"c{i}"))]), Cancellation);

        var page = await server.GetAsync($"connector/{connector}/discovered_resources?page_size=3&page=2");
        Assert.Equal(7, page.GetProperty("pagination").GetProperty("total_records").GetInt32());
        var list = page.EnumerateObject().First(static property => property.Value.ValueKind == JsonValueKind.Array).Value;
        Assert.Equal(["c3", "c4", "c5"], list.EnumerateArray().Select(static found => found.GetProperty("name").GetString()));
        var one = await server.GetAsync($"discovered_resource/{list[0].GetProperty("id").GetString()}");
        Assert.Equal("docker_container", one.GetProperty("resource").GetProperty("resource_type").GetString());
        Assert.Contains("expected true or false", await server.RefusedAsync(HttpMethod.Get, $"connector/{connector}/discovered_resources?missing=maybe", null, 400), StringComparison.Ordinal);
        await server.RefusedAsync(HttpMethod.Get, "connector/none/discovered_resources", null, 404);
        Assert.Contains("nothing of", await server.RefusedAsync(HttpMethod.Post, $"connector/plugins/{id}/review", new { discovery_id = "docker_discoverer", remove = true }, 409), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Socket_is_made_from_a_discovered_resource()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = await server.CreateConnectorAsync("a");
        var id = await CreateAsync(server, connector);
        var store = server.Services.GetRequiredService<DiscoveryStore>();
        var taskless = new DiscoveredResource(ResourceTypes.AwsEcsService, new AwsEcsServiceDetails { AwsArn = "arn:1", ServiceName = "zzz" });
        await store.TakeScanAsync(
            new ConnectorId(connector), new SessionEpoch(0), new DiscoveryKey(new PluginId(id), "docker_discoverer"), Found.Scan(0, Found.Container("My_Web.1"), taskless), Cancellation);
        var found = (await store.ListAsync(new ConnectorId(connector), new DiscoveredResourceFilter(null, null, null, null, null), new PageRequest(1, 10), Cancellation)).Records;

        var socket = await server.PostAsync("socket", new { discovered_resource_id = found[0].Id });
        Assert.Equal(("my-web-1", "http"), (socket.GetProperty("name").GetString(), socket.GetProperty("socket_type").GetString()));
        var http = socket.GetProperty("upstream_configuration").GetProperty("http_service_configuration").GetProperty("standard_http_service_configuration");
        Assert.Equal(("127.0.0.1", 8080), (http.GetProperty("hostname").GetString(), http.GetProperty("port").GetInt32()));
        Assert.Contains(connector, socket.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("other", (await server.PostAsync("socket", new { discovered_resource_id = found[0].Id, name = "other" })).GetProperty("name").GetString());

        Assert.Contains("socket_type", await server.RefusedAsync(HttpMethod.Post, "socket", new { discovered_resource_id = found[1].Id, name = "task" }, 400), StringComparison.Ordinal);
        Assert.Contains("there is no discovered resource", await server.RefusedAsync(HttpMethod.Post, "socket", new { discovered_resource_id = "none" }, 400), StringComparison.Ordinal);
    }

    private static SessionState Online(string connector) => new(new ConnectorId(connector), "online", new SessionEpoch(1), null, null, null, [], []);

    private static async Task<string> CreateAsync(ApiServer server, string connector)
        => (await server.PostAsync("connector/plugins", new { connector_id = connector, enabled = true, plugin_type = "docker_discovery", configuration = Docker })).GetProperty("id").GetString()!;
}
