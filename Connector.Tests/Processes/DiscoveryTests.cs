using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

/// <summary>From a plugin over the API to a socket that users reach, and what a group does with a plugin when it loses replicas.</summary>
[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class DiscoveryTests(SharedDev shared)
{
    private const string Greeting = "SSH-2.0-OpenSSH_9.9\r\n";
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task Discovered_service_becomes_a_socket_that_users_reach()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var api = (await shared.GetAsync(cancellation)).Api;
        await using var service = StartService();
        var plugin = await api.CreatePluginAsync(PluginTypes.Network, Scan(service.Port));

        var found = await FoundAsync(api, plugin, cancellation);
        Assert.Equal(ResourceTypes.NetworkSshServer, (string?)found["resource_type"]);
        var made = (await api.SendAsync(HttpMethod.Post, "socket", new JsonObject
        {
            ["discovered_resource_id"] = (string?)found["id"],
            ["name"] = $"found-{Guid.NewGuid().ToString("N")[..8]}",
            ["edge"] = new JsonObject { ["public"] = true, ["allowed_ips"] = new JsonArray("127.0.0.0/8") },
        }.ToJsonString())).EnsureSuccess("Making a socket of what was discovered").Json;

        Assert.Equal("ssh", (string?)made["socket_type"]);
        var socket = ApiSocket.Of(made);
        await Eventually.SucceedsAsync(
            async () =>
            {
                using var user = await UserConnection.OpenAsync(socket.Port, cancellation);
                return Encoding.ASCII.GetString(await user.ReceiveAsync(Greeting.Length, cancellation)) == Greeting ? true : throw new InvalidDataException("another greeting");
            },
            "a user is greeted by the service", cancellation, Deadline);

        await Eventually.IsTrueAsync(
            async () => (await api.LogsAsync()).Contains(plugin, StringComparison.Ordinal), "the connector's log says what the plugin found", cancellation);
        await api.DeleteSocketAsync(socket);
        await api.DeletePluginAsync(plugin);
        Assert.Empty(await api.DiscoveredAsync(plugin));
    }

    [Fact]
    public async Task Plugin_that_is_led_to_a_metadata_service_says_that_it_may_not_go_there()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var api = (await shared.GetAsync(cancellation)).Api;
        var plugin = await api.CreatePluginAsync(PluginTypes.Network, Scan(80, "169.254.169.254"));

        await Eventually.IsTrueAsync(
            async () => ((string?)(await api.PluginAsync(plugin))["status"]?["reason"])?.Contains("section reach", StringComparison.Ordinal) == true,
            "the plugin names the reach of the connector", cancellation, Deadline);

        await api.DeletePluginAsync(plugin);
    }

    [Fact]
    public async Task Plugin_goes_on_at_another_replica_and_nothing_that_was_found_is_lost()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var connector = await ConnectorProcess.StartDevAsync([], cancellation, replicas: 3);
        var api = connector.Api;
        await using var service = StartService();
        var plugin = await api.CreatePluginAsync(PluginTypes.Network, Scan(service.Port));
        var before = await FoundAsync(api, plugin, cancellation);
        var runner = await RunnerAsync(api, plugin, cancellation);

        // Killed, and then asked to leave: both ways in which a replica loses what it runs alone.
        foreach (var signal in (UnixSignal[])[UnixSignal.Kill, UnixSignal.Terminate])
        {
            var lost = ReadyFile.Read(connector.ReadyPath).Replicas.Single(replica => replica.Id == runner);
            var scanned = await CompletedAsync(api, plugin);
            Assert.True(Connector.Host.Running.UnixSignals.Send(lost.ProcessId, (int)signal));
            await Eventually.IsTrueAsync(
                async () => await RunnerAsync(api, plugin, cancellation) != lost.Id && await CompletedAsync(api, plugin) != scanned,
                $"another replica runs the plugin and has scanned after {signal}", cancellation, Deadline);
            runner = await RunnerAsync(api, plugin, cancellation);
        }

        // A scan on a busy machine may have missed it; the next one does not.
        await Eventually.IsTrueAsync(
            async () => (int?)(await api.DiscoveredAsync(plugin))[0]!["missed_scans"] == 0, "the last scan has found it", cancellation, Deadline);
        var after = Assert.Single(await api.DiscoveredAsync(plugin))!;
        Assert.Equal(((string?)before["id"], (string?)before["first_seen_at"]), ((string?)after["id"], (string?)after["first_seen_at"]));
        var changes = (await api.SendAsync(HttpMethod.Get, $"discovered_resource/{(string?)before["id"]}/changes")).EnsureSuccess("Reading changes").Json;
        Assert.Equal(["found"], changes["list"]!.AsArray().Select(static change => (string?)change!["kind"]));
    }

    private static LoopbackUpstream StartService() => LoopbackUpstream.Start(async (connection, cancellation) =>
    {
        await LoopbackUpstream.SendAllAsync(connection, Encoding.ASCII.GetBytes(Greeting), cancellation);
        await connection.ReceiveAsync(new byte[64], cancellation);
    });

    private static JsonObject Scan(int port, string target = "127.0.0.1") => new()
    {
        ["targets"] = new JsonArray(new JsonObject { ["target"] = target, ["ports"] = new JsonArray(port) }),
    };

    private static async Task<JsonNode> FoundAsync(ControlPlaneApi api, string plugin, CancellationToken cancellation)
    {
        await Eventually.IsTrueAsync(async () => (await api.DiscoveredAsync(plugin)).Count == 1, "the plugin has found the service", cancellation, Deadline);
        return (await api.DiscoveredAsync(plugin))[0]!;
    }

    private static async Task<string?> RunnerAsync(ControlPlaneApi api, string plugin, CancellationToken cancellation)
    {
        string? runner = null;
        await Eventually.IsTrueAsync(
            async () => (runner = (string?)(await api.PluginAsync(plugin))["status"]?["replica_id"]) is not null, "a replica says that it runs the plugin", cancellation, Deadline);
        return runner;
    }

    private static async Task<string?> CompletedAsync(ControlPlaneApi api, string plugin)
        => (string?)(await api.PluginAsync(plugin))["scans"]?.AsArray().SingleOrDefault()?["completed_at"];
}
