using System.Net;
using System.Text.Json;
using Connector.Protocol.Ids;
using Connector.Relay.Links;
using Connector.Server.Control;
using Connector.Server.Feed;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Tests.Server.Api;

[Trait("kind", Kinds.Contract)]
public sealed class SocketEndpointsTests
{
    [Fact]
    public async Task Socket_is_created_read_listed_changed_and_deleted()
    {
        await using var server = await ApiServer.StartAsync();
        var (one, two) = (await server.CreateConnectorAsync("one"), await server.CreateConnectorAsync("two"));
        server.Sessions.Told.Clear();

        var created = await server.PostAsync("socket", new
        {
            name = "db", display_name = "Datenbank 🐘", socket_type = "tls", description = "日本", socket_id = "", dnsname = "", policies = Array.Empty<string>(),
            tags = new { team = "Straße", border0_client_icon_text = "x" }, connector_id = one, recording_enabled = true, unheard_of = new { deep = 1 },
            upstream_configuration = ApiServer.Upstream(), edge = new { @public = true, allowed_ips = new[] { "192.0.2.7", "2001:db8::/32" } },
        });
        var id = created.GetProperty("socket_id").GetString()!;
        Assert.Equal($"changed {one}", Assert.Single(server.Sessions.Told));
        Assert.Equal("edge.example.com:20000", created.GetProperty("endpoint").GetString());
        Assert.Equal("""{"port":20000,"public":true,"allowed_ips":["192.0.2.7/32","2001:db8::/32"],"hedge":true,"proxy_protocol_from":[]}""", created.GetProperty("edge").GetRawText());
        Assert.Equal("offline", created.GetProperty("status").GetProperty("state").GetString());
        Assert.False(created.GetProperty("alive").GetBoolean());
        Assert.Equal("Straße", created.GetProperty("tags").GetProperty("team").GetString());
        Assert.Equal(one, created.GetProperty("connector_ids")[0].GetString());

        foreach (var path in new[] { $"socket/{id}?activeOnly=true", "socket/db" })
        {
            var read = await server.GetAsync(path);
            Assert.Equal((id, "Datenbank 🐘", true), (
                read.GetProperty("socket_id").GetString(), read.GetProperty("display_name").GetString(), read.GetProperty("recording_enabled").GetBoolean()));
        }

        server.Sessions.Told.Clear();
        var changed = await server.PutAsync("socket/db", new
        {
            name = "db-2", connector_ids = new[] { two }, upstream_configuration = ApiServer.Upstream("other.internal"), edge = new { port = 0, @public = false },
        });
        Assert.Equal(new HashSet<string> { $"changed {one}", $"changed {two}" }, server.Sessions.Told.ToHashSet());
        Assert.Equal(("db-2", id, "日本"), (
            changed.GetProperty("name").GetString(), changed.GetProperty("socket_id").GetString(), changed.GetProperty("description").GetString()));
        Assert.Equal("""{"port":20000,"public":false,"allowed_ips":["192.0.2.7/32","2001:db8::/32"],"hedge":true,"proxy_protocol_from":[]}""", changed.GetProperty("edge").GetRawText());

        var links = (await server.GetAsync("socket/db-2/connectors")).GetProperty("list");
        Assert.Equal((two, "two", id), (
            links[0].GetProperty("connector_id").GetString(), links[0].GetProperty("connector_name").GetString(), links[0].GetProperty("socket_id").GetString()));
        var upstreams = (await server.GetAsync($"socket/{id}/upstream_configurations")).GetProperty("list");
        Assert.Equal("other.internal", upstreams[0].GetProperty("config").GetProperty("tls_service_configuration")
            .GetProperty("standard_tls_service_configuration").GetProperty("hostname").GetString());
        Assert.Equal(JsonValueKind.Array, (await server.GetAsync("socket")).ValueKind);

        await server.DeleteAsync("socket/db-2");
        await server.RefusedAsync(HttpMethod.Get, $"socket/{id}", null, 404);
        await server.RefusedAsync(HttpMethod.Delete, $"socket/{id}", null, 404);
        await server.RefusedAsync(HttpMethod.Put, $"socket/{id}", new { description = "x" }, 404);
        await server.RefusedAsync(HttpMethod.Get, $"socket/{id}/connectors", null, 404);
        await server.RefusedAsync(HttpMethod.Get, $"socket/{id}/upstream_configurations", null, 404);
        await server.RefusedAsync(HttpMethod.Get, "socket/" + Uri.EscapeDataString("東京 ☃"), null, 404);
    }

    [Fact]
    public async Task Sockets_are_paged_and_filtered()
    {
        await using var server = await ApiServer.StartAsync();
        for (var index = 0; index < 7; index++)
        {
            await server.PostAsync("socket", ApiServer.Socket($"tls-{index}"));
        }

        await server.PostAsync("socket", new
        {
            name = "screen", display_name = "100%_Größe", socket_type = "vnc",
            upstream_configuration = new { service_type = "vnc", vnc_service_configuration = new { hostname = "10.0.0.1", port = 5900 } },
        });

        var page = await server.GetAsync("sockets?page=2&page_size=3");
        Assert.Equal("""{"current_page":2,"next_page":3,"total_records":8,"total_pages":3,"records_per_page":3,"actual_page_size":3}""",
            page.GetProperty("pagination").GetRawText());
        Assert.Equal(["tls-2", "tls-3", "tls-4"], Names(page));
        Assert.Equal(["screen"], Names(await server.GetAsync("sockets?socket_type=vnc")));
        Assert.Equal(["tls-3"], Names(await server.GetAsync("sockets?name=tls-3")));
        Assert.Equal(["screen"], Names(await server.GetAsync("sockets?search=" + Uri.EscapeDataString("%_"))));
        Assert.Equal(7, Names(await server.GetAsync("sockets?search=TLS")).Count);
        Assert.Empty(Names(await server.GetAsync("sockets?search=nothing")));
        Assert.Equal(8, (await server.GetAsync("socket")).GetArrayLength());

        static List<string?> Names(JsonElement answer)
            => [.. answer.GetProperty("list").EnumerateArray().Select(socket => socket.GetProperty("name").GetString())];
    }

    [Theory]
    [InlineData("""{"socket_type":"tls"}""", "name: a name is needed")]
    [InlineData("""{"name":"Db","socket_type":"tls"}""", "name: \"Db\" is not a name")]
    [InlineData("""{"name":"db"}""", "socket_type: a type is needed")]
    [InlineData("""{"name":"db","socket_type":"gopher"}""", "socket_type: there is no type \"gopher\"")]
    [InlineData("""{"name":"db","socket_type":"tls"}""", "upstream_configuration: it is missing")]
    [InlineData("""{"name":"db","socket_type":"tls","upstream_configuration":{}}""", "upstream_configuration: it is missing")]
    [InlineData("""{"name":"db","socket_type":"tls","upstream_configuration":"x"}""", "upstream_configuration: expected an object, got text")]
    [InlineData("""{"name":"db","socket_type":"tls","upstream_configuration":{"service_type":"ssh"}}""", "service_type is \"ssh\", but socket_type is \"tls\"")]
    [InlineData("""{"name":"db","socket_type":"tls","upstream_configuration":{"service_type":"tls"}}""", "upstream_configuration.tls_service_configuration: missing")]
    [InlineData("""{"name":"db","socket_type":"vnc","upstream_configuration":{"service_type":"vnc","vnc_service_configuration":{"hostnam":"a","port":1}}}""", "upstream_configuration.vnc_service_configuration.hostnam: unknown key; did you mean \"hostname\"?")]
    [InlineData("""{"name":"db","socket_type":"vnc","upstream_configuration":{"service_type":"vnc","vnc_service_configuration":{"hostname":"a","port":1},"ssh_service_configuration":{"a":1}}}""", "upstream_configuration.ssh_service_configuration.a: unknown key")]
    [InlineData("""{"name":"db","socket_type":"vnc","upstream_configuration":{"service_type":"vnc","vnc_service_configuration":{"hostname":"a","port":70000}}}""", "port: 70000 is not between 1 and 65535")]
    [InlineData("""{"name":"db","socket_type":"vnc","upstream_configuration":{"service_type":"vnc","vnc_service_configuration":{"hostname":"a","port":"5900"}}}""", "vnc_service_configuration.port: expected a whole number, found a text")]
    [InlineData("""{"name":"db","socket_type":"vnc","upstream_configuration":{"service_type":"vnc","vnc_service_configuration":{"hostname":"","port":1}}}""", "hostname: missing")]
    [InlineData("""{"name":"db","socket_type":"vnc","upstream_configuration":{"service_type":"vnc","vnc_service_configuration":{"hostname":"http://a","port":1}}}""", "hostname: not a host name or address")]
    [InlineData("""{"name":"db","socket_type":"tls","upstream_configuration":{"service_type":"tls","tls_service_configuration":{"tls_service_type":"standard","standard_tls_service_configuration":{"hostname":"a","port":1,"prot":2}}}}""", "standard_tls_service_configuration.prot: unknown key")]
    [InlineData("""{"name":"db","socket_type":"tls","tags":{"a":1},"upstream_configuration":{"service_type":"tls","tls_service_configuration":{"tls_service_type":"standard","standard_tls_service_configuration":{"hostname":"a","port":1}}}}""", "tags.a: expected text, got a number")]
    [InlineData("""{"name":"db","socket_type":"tls","connector_ids":["nobody"],"upstream_configuration":{"service_type":"tls","tls_service_configuration":{"tls_service_type":"standard","standard_tls_service_configuration":{"hostname":"a","port":1}}}}""", "there is no connector nobody")]
    public async Task Socket_that_cannot_be_is_refused_with_the_field(string body, string expected)
    {
        await using var server = await ApiServer.StartAsync();
        Assert.Contains(expected, await server.RefusedAsync(HttpMethod.Post, "socket", body, 400));
        Assert.Equal(0, (await server.GetAsync("socket")).GetArrayLength());
    }

    [Theory]
    [InlineData("""{"port":70000}""", "edge.port: expected a whole number from 0 to 65535, got 70000")]
    [InlineData("""{"prot":20000}""", "edge.prot: nothing reads this key; an edge has port, public, allowed_ips, hedge, proxy_protocol_from")]
    [InlineData("""{"hedge":1}""", "edge.hedge: expected true or false, got a number")]
    [InlineData("""{"proxy_protocol_from":["lb.internal"]}""", "edge.proxy_protocol_from[0]: \"lb.internal\" is neither an address nor a network")]
    [InlineData("""{"proxy_protocol_from":["::/0"]}""", "edge.proxy_protocol_from: ::/0 would let anybody claim any client address")]
    [InlineData("""{"public":true}""", "edge.allowed_ips names nobody")]
    [InlineData("""{"public":true,"allowed_ips":[]}""", "edge.allowed_ips names nobody")]
    [InlineData("""{"public":"yes"}""", "edge.public: expected true or false")]
    [InlineData("""{"allowed_ips":"10.0.0.0/8"}""", "edge.allowed_ips: expected a list of texts")]
    [InlineData("""{"allowed_ips":["10.0.0.0/8",7]}""", "edge.allowed_ips[1]: expected text")]
    [InlineData("""{"allowed_ips":["10.0.0.1/8"]}""", "edge.allowed_ips[0]: \"10.0.0.1/8\" has bits beyond its length; did you mean 10.0.0.0/8 or 10.0.0.1?")]
    [InlineData("""{"allowed_ips":["10.0.0/8"]}""", "is neither an address nor a network")]
    [InlineData("""{"allowed_ips":["10.0.0.0/33"]}""", "is neither an address nor a network")]
    [InlineData("""{"allowed_ips":["10.0.0.0/-1"]}""", "is neither an address nor a network")]
    [InlineData("""{"allowed_ips":["0x7f000001"]}""", "is neither an address nor a network")]
    [InlineData("""{"allowed_ips":["fe80::1%eth0"]}""", "is neither an address nor a network")]
    [InlineData("""{"allowed_ips":["example.com"]}""", "is neither an address nor a network")]
    [InlineData("""{"allowed_ips":["::ffff:10.0.0.0/8"]}""", "is neither an address nor a network")]
    [InlineData("""[]""", "edge: expected an object, got a list")]
    public async Task Edge_that_cannot_be_is_refused_with_the_field(string edge, string expected)
    {
        await using var server = await ApiServer.StartAsync();
        var body = JsonSerializer.Serialize(new
        {
            name = "db", socket_type = "tls", upstream_configuration = ApiServer.Upstream(), edge = JsonSerializer.Deserialize<JsonElement>(edge),
        });
        Assert.Contains(expected, await server.RefusedAsync(HttpMethod.Post, "socket", body, 400));
    }

    [Fact]
    public async Task Allowed_networks_are_kept_in_one_notation()
    {
        await using var server = await ApiServer.StartAsync();
        var socket = await server.PostAsync("socket", new
        {
            name = "db", socket_type = "tls", upstream_configuration = ApiServer.Upstream(),
            edge = new { allowed_ips = new[] { "0.0.0.0/0", "::/0", "::1", "2001:DB8:0::/48", "::ffff:192.0.2.1", "192.0.2.1", " 10.0.0.0/8 " } },
        });
        Assert.Equal(
            ["0.0.0.0/0", "::/0", "::1/128", "2001:db8::/48", "192.0.2.1/32", "10.0.0.0/8"],
            socket.GetProperty("edge").GetProperty("allowed_ips").EnumerateArray().Select(network => network.GetString()));
    }

    [Fact]
    public async Task Empty_fields_of_other_types_are_ignored_and_not_stored()
    {
        await using var server = await ApiServer.StartAsync();
        var socket = await server.PostAsync("socket", """
            {"name":"db","socket_type":"vnc","upstream_configuration":{"service_type":"vnc","ssh_service_configuration":null,
             "http_service_configuration":{"http_service_type":""},"vnc_service_configuration":{"port":5900,"hostname":"from:env:HOST","unheard_of":""}}}
            """);
        Assert.Equal(
            """{"service_type":"vnc","vnc_service_configuration":{"hostname":"from:env:HOST","port":5900}}""",
            socket.GetProperty("upstream_configuration").GetRawText());
    }

    [Fact]
    public async Task Change_is_judged_together_with_what_is_stored()
    {
        await using var server = await ApiServer.StartAsync();
        await server.PostAsync("socket", ApiServer.Socket("db"));

        Assert.Contains("names nobody", await server.RefusedAsync(HttpMethod.Put, "socket/db", new { edge = new { @public = true } }, 400));
        Assert.Contains("but socket_type is \"vnc\"", await server.RefusedAsync(HttpMethod.Put, "socket/db", new { socket_type = "vnc" }, 400));
        await server.PutAsync("socket/db", new { edge = new { allowed_ips = new[] { "10.0.0.0/8" } } });
        await server.PutAsync("socket/db", new { edge = new { @public = true } });
        Assert.Contains(
            "names nobody", await server.RefusedAsync(HttpMethod.Put, "socket/db", new { edge = new { allowed_ips = Array.Empty<string>() } }, 400));
        var socket = await server.GetAsync("socket/db");
        Assert.Equal("""{"port":20000,"public":true,"allowed_ips":["10.0.0.0/8"],"hedge":true,"proxy_protocol_from":[]}""", socket.GetProperty("edge").GetRawText());
    }

    [Fact]
    public async Task Name_and_port_of_another_socket_are_conflicts_that_name_it()
    {
        await using var server = await ApiServer.StartAsync(options => options.EdgePorts = (30_000, 30_001));
        var first = (await server.PostAsync("socket", ApiServer.Socket("a"))).GetProperty("socket_id").GetString()!;
        await server.PostAsync("socket", ApiServer.Socket("b"));

        Assert.Contains(first, await server.RefusedAsync(HttpMethod.Post, "socket", ApiServer.Socket("a"), 409));
        Assert.Contains(first, await server.RefusedAsync(HttpMethod.Put, "socket/b", new { name = "a" }, 409));
        Assert.Contains("socket \"a\"", await server.RefusedAsync(HttpMethod.Put, "socket/b", new { edge = new { port = 30_000 } }, 409));
        Assert.Contains("30000-30001 are taken", await server.RefusedAsync(HttpMethod.Post, "socket", ApiServer.Socket("c"), 409));
        await server.PutAsync("socket/b", new { name = "b", edge = new { port = 5432 } });
        Assert.Equal("edge.example.com:30001", (await server.PostAsync("socket", ApiServer.Socket("c"))).GetProperty("endpoint").GetString());
    }

    [Fact]
    public async Task Socket_that_makes_a_connectors_configuration_too_large_is_refused_and_nothing_of_it_stays()
    {
        await using var server = await ApiServer.StartAsync();
        var (full, other) = (await server.CreateConnectorAsync("full"), await server.CreateConnectorAsync("other"));
        for (var n = 0; n < 3; n++)
        {
            await server.PostAsync("socket", ApiServer.Socket($"s{n}", full));
        }

        var size = server.Services.GetRequiredService<ControlDatabase>().Read(db => db.Sockets.Sum(socket => socket.ConfigSize));
        server.Services.GetRequiredService<ControlPlaneOptions>().MaxConfigurationBytes = size + 20;

        var refusal = await server.RefusedAsync(HttpMethod.Post, "socket", ApiServer.Socket("more", full), 412);
        Assert.Contains($"connector {full}", refusal);
        Assert.Contains($"{size + 20} is the most", refusal);
        Assert.Equal(3, (await server.GetAsync("socket")).GetArrayLength());

        // Growing, and linking one that is there, are the same question. Shrinking and deleting never are.
        await server.PostAsync("socket", ApiServer.Socket("elsewhere", other));
        await server.RefusedAsync(HttpMethod.Put, "socket/elsewhere", new { connector_ids = new[] { other, full } }, 412);
        await server.RefusedAsync(HttpMethod.Put, "socket/s0", new { upstream_configuration = ApiServer.Upstream(string.Join('.', Enumerable.Repeat(new string('a', 60), 4))) }, 412);
        await server.PutAsync("socket/s0", new { upstream_configuration = ApiServer.Upstream("d") });
        await server.DeleteAsync("socket/s1");
        await server.PutAsync("socket/elsewhere", new { connector_ids = new[] { other, full } });
    }

    [Fact]
    public async Task Status_is_the_best_that_a_replica_says_with_one_entry_each()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = new ConnectorId(await server.CreateConnectorAsync("a"));
        var id = new SocketId((await server.PostAsync("socket", ApiServer.Socket("db", connector.Value))).GetProperty("socket_id").GetString()!);
        Assert.Equal(("offline", false), await StatusAsync());

        Say();
        Assert.Equal(("starting", false), await StatusAsync());
        Say(("r1", "unsupported", "type tls is not served"));
        Assert.Equal(("unsupported", false), await StatusAsync());
        Say(("r1", "unsupported", "type tls is not served"), ("r2", "failed", "budget spent"));
        Assert.Equal(("failed", false), await StatusAsync());
        Say(("r1", "failed", "budget spent"), ("r2", "serving", ""));
        Assert.Equal(("serving", false), await StatusAsync());

        // Alive needs the edge's word, too: a link on which the replica serves the socket.
        server.Feed.Report(new EdgeReport.LinksChanged(connector, [new ReplicaLinks(new ReplicaId("r2"), BootId.New(), 2, 0, false, [id])]));
        Assert.Equal(("serving", true), await StatusAsync());
        server.Feed.Report(new EdgeReport.LinksChanged(connector, [new ReplicaLinks(new ReplicaId("r2"), BootId.New(), 2, 0, true, [id])]));
        Assert.Equal(("serving", false), await StatusAsync());

        var status = (await server.GetAsync("socket")).EnumerateArray().Single().GetProperty("status");
        Assert.False(status.TryGetProperty("reason", out _));
        var failed = status.GetProperty("replicas")[0];
        Assert.Equal(("r1", connector.Value, "failed", "budget spent", 3), (
            failed.GetProperty("replica_id").GetString(), failed.GetProperty("connector_id").GetString(), failed.GetProperty("state").GetString(),
            failed.GetProperty("reason").GetString(), failed.GetProperty("live_streams").GetInt32()));
        server.Sessions.States[connector] = server.Sessions.States[connector] with { State = "unknown", Sockets = [] };
        Assert.Equal(("unknown", false), await StatusAsync());

        // The public client holds a session and reports nothing.
        Say();
        server.Sessions.States[connector] = server.Sessions.States[connector] with { Leader = null };
        Assert.Equal(("unknown", false), await StatusAsync());
        Assert.Contains("does not report", (await server.GetAsync("socket/db")).GetProperty("status").GetProperty("reason").GetString());

        void Say(params (string Replica, string State, string Reason)[] replicas) => server.Sessions.States[connector] = new SessionState(
            connector, "online", new SessionEpoch(1), new ReplicaId("r1"), null, null, [],
            [.. replicas.Select(replica => new SocketState(
                id, new ReplicaId(replica.Replica), replica.State, replica.Reason, 3, DateTimeOffset.UnixEpoch))]);

        async Task<(string?, bool)> StatusAsync()
        {
            var socket = await server.GetAsync("socket/db");
            return (socket.GetProperty("status").GetProperty("state").GetString(), socket.GetProperty("alive").GetBoolean());
        }
    }

    [Fact]
    public async Task Online_needs_all_three_lamps_and_a_replica_that_fell_silent_shows_nothing_green()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = new ConnectorId(await server.CreateConnectorAsync("a"));
        var id = new SocketId((await server.PostAsync("socket", ApiServer.Socket("db", connector.Value))).GetProperty("socket_id").GetString()!);
        var (replica, boot) = (new ReplicaId("r1"), BootId.New());
        server.Feed.Report(new EdgeReport.LinksChanged(
            connector, [new ReplicaLinks(replica, boot, 2, 0, false, [id]) { Path = new PathProof(true, TimeSpan.FromSeconds(1)) }]));
        Say("on", silence: 2);
        Assert.Equal((true, "on", "on", "on"), await LampsAsync());
        var upstream = (await server.GetAsync("socket/db")).GetProperty("status").GetProperty("replicas")[0].GetProperty("upstream");
        Assert.Equal(3, upstream.GetProperty("age_seconds").GetDouble());
        var summary = (await server.GetAsync($"connector/{connector}")).GetProperty("replicas")[0];
        Assert.Equal((1, 1), (summary.GetProperty("lamps").GetProperty("sockets").GetInt32(), summary.GetProperty("lamps").GetProperty("online").GetInt32()));
        Assert.Equal("on", summary.GetProperty("control").GetProperty("state").GetString());

        Say("off", silence: 2);
        Assert.Equal((false, "on", "on", "off"), await LampsAsync());
        Assert.True((await server.GetAsync("socket/db")).GetProperty("alive").GetBoolean());
        Say("on", silence: 30);
        Assert.Equal((false, "unknown", "on", "unknown"), await LampsAsync());

        // Without a control session the path is still what the edge proves.
        server.Sessions.States.TryRemove(connector, out _);
        Assert.Equal((false, "off", "on", "unknown"), await LampsAsync());

        void Say(string state, double silence) => server.Sessions.States[connector] = new SessionState(
            connector, "online", new SessionEpoch(1), replica, null, null, [new ReplicaState(replica, boot, "1", null, "")],
            [new SocketState(id, replica, "serving", "", 0, DateTimeOffset.UnixEpoch) { Upstream = new LampReport(state, DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(3), "why") }])
        {
            Silence = TimeSpan.FromSeconds(silence), Reports = [new ReplicaReport(replica, TimeSpan.FromSeconds(silence), [])],
        };

        async Task<(bool Online, string?, string?, string?)> LampsAsync()
        {
            var socket = await server.GetAsync("socket/db");
            var replica = socket.GetProperty("status").GetProperty("replicas")[0];
            Assert.Equal(socket.GetProperty("online").GetBoolean(), replica.GetProperty("online").GetBoolean());
            return (socket.GetProperty("online").GetBoolean(), State("control"), State("path"), State("upstream"));

            string? State(string lamp) => replica.GetProperty(lamp).GetProperty("state").GetString();
        }
    }

    [Fact]
    public async Task Listener_that_failed_is_shown_until_it_listens()
    {
        await using var server = await ApiServer.StartAsync();
        var id = new SocketId((await server.PostAsync("socket", ApiServer.Socket("db"))).GetProperty("socket_id").GetString()!);
        Assert.False((await server.GetAsync("socket/db")).TryGetProperty("listener", out _));

        server.Feed.Report(new EdgeReport.ListenFailed(id, 20_000, "address in use"));
        Assert.Equal("""{"state":"failed","port":20000,"reason":"address in use"}""", (await server.GetAsync("socket/db")).GetProperty("listener").GetRawText());

        server.Feed.Report(new EdgeReport.Listening(id, new IPEndPoint(IPAddress.Any, 20_000)));
        Assert.Equal("listening", (await server.GetAsync("socket/db")).GetProperty("listener").GetProperty("state").GetString());

        // What was said of another port says nothing of this one.
        await server.PutAsync("socket/db", new { edge = new { port = 20_050 } });
        Assert.False((await server.GetAsync("socket/db")).TryGetProperty("listener", out _));
    }
}
