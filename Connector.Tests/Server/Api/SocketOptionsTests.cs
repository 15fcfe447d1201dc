using System.Text.Json;
using Connector.Protocol.Ids;
using Connector.Protocol.Sockets;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Connector.Tests.Server.Api;

/// <summary>Limits, upstream check and PROXY protocol: from the request to what a replica reads.</summary>
[Trait("kind", Kinds.Contract)]
public sealed class SocketOptionsTests
{
    private const string NoLimits = """{"max_streams":0,"max_bytes_per_second":0,"max_opens_per_second":0,"idle_timeout_seconds":0,"max_age_seconds":0}""";

    [Fact]
    public async Task Options_are_the_defaults_unless_named_and_then_the_replica_is_sent_nothing_new()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = await server.CreateConnectorAsync("a");
        var socket = await server.PostAsync("socket", ApiServer.Socket("db", connector));

        Assert.Equal(NoLimits, socket.GetProperty("limits").GetRawText());
        Assert.Equal("""{"enabled":true,"interval_seconds":5,"timeout_seconds":2}""", socket.GetProperty("upstream_check").GetRawText());
        Assert.Equal("", socket.GetProperty("upstream_proxy_protocol").GetString());
        Assert.True(socket.GetProperty("edge").GetProperty("hedge").GetBoolean());
        using var sent = JsonDocument.Parse(await SentAsync(server, connector));
        Assert.Equal(
            ["connector_authentication_enabled", "end_to_end_encryption_enabled", "private_network_ipv4", "private_network_ipv6", "recording_enabled", "upstream_configuration"],
            sent.RootElement.EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public async Task Options_reach_the_replica_as_they_were_given()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = await server.CreateConnectorAsync("a");
        var created = await server.PostAsync("socket", new
        {
            name = "db", socket_type = "tls", connector_id = connector, upstream_configuration = ApiServer.Upstream(),
            limits = new { max_streams = 10, max_bytes_per_second = 1_000_000, max_opens_per_second = 20, idle_timeout_seconds = 60, max_age_seconds = 3600 },
            upstream_proxy_protocol = "v2",
            upstream_check = new { enabled = false, interval_seconds = 7, timeout_seconds = 1 },
            edge = new { hedge = false, proxy_protocol_from = new[] { "10.0.0.5" } },
        });
        Assert.Equal("""{"enabled":false,"interval_seconds":7,"timeout_seconds":1}""", created.GetProperty("upstream_check").GetRawText());
        Assert.Equal(
            """{"port":20000,"public":false,"allowed_ips":[],"hedge":false,"proxy_protocol_from":["10.0.0.5/32"]}""", created.GetProperty("edge").GetRawText());

        var reading = SocketConfigurationReader.Read(await SentAsync(server, connector), strict: true);

        Assert.Empty(reading.Problems);
        Assert.Equal(
            new SocketLimitsConfiguration { MaxStreams = 10, MaxBytesPerSecond = 1_000_000, MaxOpensPerSecond = 20, IdleTimeoutSeconds = 60, MaxAgeSeconds = 3600 },
            reading.Value!.Limits);
        Assert.Equal((false, 7.0, 1.0), (
            reading.Value.UpstreamCheck!.IsEnabled(), reading.Value.UpstreamCheck.Interval().TotalSeconds, reading.Value.UpstreamCheck.Timeout().TotalSeconds));
        Assert.Equal("v2", reading.Value.UpstreamProxyProtocol);
        Assert.IsType<SocketUpstream.PlainRelay>(SocketUpstream.Resolve(reading.Value));
    }

    [Fact]
    public async Task Change_keeps_what_it_does_not_name_and_zero_brings_the_default_back()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = await server.CreateConnectorAsync("a");
        await server.PostAsync("socket", ApiServer.Socket("db", connector));
        var size = Size(server);
        server.Sessions.Told.Clear();

        await server.PutAsync("socket/db", new { limits = new { max_streams = 10, max_age_seconds = 60 }, upstream_proxy_protocol = "v2" });
        Assert.Equal($"changed {connector}", Assert.Single(server.Sessions.Told));
        Assert.True(Size(server) > size, "the new fields count in the configuration's size");

        await server.PutAsync("socket/db", new { limits = new { max_streams = 0, max_opens_per_second = 5 }, upstream_check = new { enabled = false }, edge = new { hedge = false } });
        var changed = await server.PutAsync("socket/db", new { description = "x", upstream_check = new { timeout_seconds = 9 }, edge = new { @public = false } });
        Assert.Equal(
            """{"max_streams":0,"max_bytes_per_second":0,"max_opens_per_second":5,"idle_timeout_seconds":0,"max_age_seconds":60}""",
            changed.GetProperty("limits").GetRawText());
        Assert.Equal("""{"enabled":false,"interval_seconds":5,"timeout_seconds":9}""", changed.GetProperty("upstream_check").GetRawText());
        Assert.Equal("v2", changed.GetProperty("upstream_proxy_protocol").GetString());
        Assert.False(changed.GetProperty("edge").GetProperty("hedge").GetBoolean());

        // What an answer says can be sent back as it is.
        var again = await server.PutAsync("socket/db", new { limits = changed.GetProperty("limits"), upstream_check = changed.GetProperty("upstream_check"), edge = changed.GetProperty("edge") });
        Assert.Equal(changed.GetProperty("limits").GetRawText(), again.GetProperty("limits").GetRawText());

        var reset = await server.PutAsync("socket/db", new
        {
            limits = new { max_opens_per_second = 0, max_age_seconds = 0 }, upstream_check = new { enabled = true, timeout_seconds = 0 }, upstream_proxy_protocol = "",
        });
        Assert.Equal(NoLimits, reset.GetProperty("limits").GetRawText());
        Assert.Equal(size, Size(server));
    }

    [Theory]
    [InlineData("""{"limits":[]}""", "limits: expected an object, got a list")]
    [InlineData("""{"limits":{"max_streams":-1}}""", "limits.max_streams: must be a whole number from 1 to 1000000, or 0 for the default, got -1")]
    [InlineData("""{"limits":{"max_streams":1.5}}""", "limits.max_streams: must be a whole number from 1 to 1000000, or 0 for the default, got 1.5")]
    [InlineData("""{"limits":{"max_bytes_per_second":"1 MB"}}""", "limits.max_bytes_per_second: must be a whole number from 1 to 2147483647")]
    [InlineData("""{"limits":{"max_bytes_per_second":3000000000}}""", "got 3000000000")]
    [InlineData("""{"limits":{"idle_timeout_seconds":31536001}}""", "limits.idle_timeout_seconds: must be a whole number from 1 to 31536000")]
    [InlineData("""{"limits":{"max_stream":3}}""", "limits.max_stream: nothing reads this key; limits are max_streams, max_bytes_per_second")]
    [InlineData("""{"upstream_check":{"enabled":"no"}}""", "upstream_check.enabled: expected true or false, got text")]
    [InlineData("""{"upstream_check":{"interval_seconds":3601}}""", "upstream_check.interval_seconds: must be a whole number from 1 to 3600")]
    [InlineData("""{"upstream_check":{"interval":3}}""", "upstream_check.interval: nothing reads this key; a check has enabled, interval_seconds, timeout_seconds")]
    [InlineData("""{"upstream_proxy_protocol":"v1"}""", "upstream_proxy_protocol: there is no version \"v1\"; write \"v2\", or \"\" for none")]
    [InlineData("""{"upstream_proxy_protocol":2}""", "upstream_proxy_protocol: expected text, got a number")]
    public async Task Option_that_cannot_be_is_refused_with_what_to_write(string options, string expected)
    {
        await using var server = await ApiServer.StartAsync();
        await server.PostAsync("socket", ApiServer.Socket("db"));
        Assert.Contains(expected, await server.RefusedAsync(HttpMethod.Put, "socket/db", options, 400));
        Assert.Equal(NoLimits, (await server.GetAsync("socket/db")).GetProperty("limits").GetRawText());
    }

    private static int Size(ApiServer server) => server.Services.GetRequiredService<ControlDatabase>().Read(db => db.Sockets.Single().ConfigSize);

    private static async Task<string> SentAsync(ApiServer server, string connector)
        => Assert.Single((await server.Services.GetRequiredService<IControlStore>().ReadDesiredStateAsync(
            new ConnectorId(connector), TestContext.Current.CancellationToken))!.Sockets).ConfigJson;
}
