using System.Net;
using System.Text.Json;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Server.Feed;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Tests.Server.Api;

[Trait("kind", Kinds.Contract)]
public sealed class ConnectorEndpointsTests
{
    [Fact]
    public async Task Connector_is_created_read_listed_changed_and_deleted()
    {
        await using var server = await ApiServer.StartAsync();

        // As the reference's clients send it, empty fields included.
        var created = await server.PostAsync("connector", new
        {
            name = "office-1", description = "Büro 東京 🗼", connector_id = "", active_tokens = 0, created_at = "", built_in_ssh_service_enabled = false,
            built_in_ssh_service = (object?)null, metadata = (object?)null,
        });
        var id = created.GetProperty("connector_id").GetString()!;
        Assert.True(Guid.TryParse(id, out _));
        Assert.Equal(("office-1", "Büro 東京 🗼", 0), (
            created.GetProperty("name").GetString(), created.GetProperty("description").GetString(), created.GetProperty("active_tokens").GetInt32()));
        Assert.EndsWith("Z", created.GetProperty("created_at").GetString());
        Assert.False(created.TryGetProperty("last_seen_at", out _));

        var changed = await server.PutAsync("connector", new
        {
            connector_id = id, name = "office-2", built_in_ssh_service_enabled = true, built_in_ssh_service_configuration = new { username_provider = "defined" },
        });
        Assert.Equal(("office-2", "Büro 東京 🗼"), (changed.GetProperty("name").GetString(), changed.GetProperty("description").GetString()));
        Assert.Contains($"changed {id}", server.Sessions.Told);

        var read = await server.GetAsync($"connector/{id}");
        Assert.True(read.GetProperty("built_in_ssh_service_enabled").GetBoolean());
        Assert.Equal("defined", read.GetProperty("built_in_ssh_service_configuration").GetProperty("username_provider").GetString());
        Assert.Equal("offline", read.GetProperty("session").GetProperty("state").GetString());
        Assert.Equal("office-2", (await server.GetAsync("connectors")).GetProperty("list")[0].GetProperty("name").GetString());

        await server.DeleteAsync($"connector/{id}");
        Assert.Contains($"deleted {id}", server.Sessions.Told);
        Assert.Contains(id, await server.RefusedAsync(HttpMethod.Get, $"connector/{id}", null, 404));
        await server.RefusedAsync(HttpMethod.Delete, $"connector/{id}", null, 404);
        await server.RefusedAsync(HttpMethod.Put, "connector", new { connector_id = id, name = "x" }, 404);
    }

    [Theory]
    [InlineData("", "a name is needed")]
    [InlineData("Office", "not a name")]
    [InlineData("büro", "not a name")]
    [InlineData("a b", "not a name")]
    [InlineData("-a", "not a name")]
    [InlineData("a/b", "not a name")]
    [InlineData("a123456789a123456789a123456789a123456789a123456789a123456789abcd", "not a name")]
    [InlineData("0b6a2a9e-6c9f-4c26-9c05-1e7b9a6f3a11", "looks like an id")]
    public async Task Name_that_is_none_is_refused(string name, string expected)
    {
        await using var server = await ApiServer.StartAsync();
        Assert.Contains(expected, await server.RefusedAsync(HttpMethod.Post, "connector", new { name }, 400));
    }

    [Fact]
    public async Task Name_of_another_connector_is_a_conflict_that_names_it()
    {
        await using var server = await ApiServer.StartAsync();
        var first = await server.CreateConnectorAsync("a");
        var second = await server.CreateConnectorAsync("b");

        Assert.Contains(first, await server.RefusedAsync(HttpMethod.Post, "connector", new { name = "a" }, 409));
        Assert.Contains(first, await server.RefusedAsync(HttpMethod.Put, "connector", new { connector_id = second, name = "a" }, 409));
        await server.PutAsync("connector", new { connector_id = first, name = "a", description = "itself" });
    }

    [Fact]
    public async Task Change_without_an_id_is_refused()
    {
        await using var server = await ApiServer.StartAsync();
        Assert.Contains("connector_id", await server.RefusedAsync(HttpMethod.Put, "connector", new { name = "a", connector_id = "" }, 400));
    }

    [Fact]
    public async Task Token_is_shown_once_verifies_and_can_be_revoked()
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.CreateConnectorAsync("a");

        var made = await server.PostAsync("connector/token", new { connector_id = id, name = "laptop", token = "", id = "" });
        var (token, tokenId) = (made.GetProperty("token").GetString()!, made.GetProperty("id").GetString()!);
        Assert.False(made.TryGetProperty("expires_at", out _));
        Assert.Equal(("laptop", "a", "admin"), (
            made.GetProperty("name").GetString(), made.GetProperty("connector_name").GetString(), made.GetProperty("created_by").GetString()));

        var verifier = new TokenVerifier([server.Services.GetRequiredService<SigningKey>().PublicKey], TimeProvider.System);
        Assert.True(verifier.TryVerifyConnectorToken(token, out var claims, out var reason), reason);
        Assert.Equal((tokenId, id, new Uri("https://border0.example.com:8443")), (claims.TokenId, claims.ConnectorId.Value, claims.ServerUrl));
        Assert.Equal([ApiServer.CaPin], claims.CaPins);
        Assert.Equal((await server.GetAsync("organization")).GetProperty("id").GetString(), claims.OrganizationId);

        Assert.Equal(1, (await server.GetAsync($"connector/{id}")).GetProperty("active_tokens").GetInt32());
        var list = await server.GetAsync($"connector/{id}/tokens");
        Assert.Equal(tokenId, list.GetProperty("list")[0].GetProperty("id").GetString());
        Assert.Equal("a", list.GetProperty("connector").GetProperty("name").GetString());
        Assert.DoesNotContain(token, list.GetRawText());
        Assert.DoesNotContain(token, (await server.GetAsync($"connector/{id}/token/{tokenId}")).GetRawText());

        await server.DeleteAsync($"connector/{id}/token/{tokenId}");
        Assert.Contains($"revoked {id} {tokenId}", server.Sessions.Told);
        await server.RefusedAsync(HttpMethod.Get, $"connector/{id}/token/{tokenId}", null, 404);
        await server.RefusedAsync(HttpMethod.Delete, $"connector/{id}/token/{tokenId}", null, 404);
        Assert.Equal(0, (await server.GetAsync($"connector/{id}")).GetProperty("active_tokens").GetInt32());
        var standing = await server.Services.GetRequiredService<IControlStore>()
            .CheckTokenAsync(new ConnectorId(id), tokenId, TestContext.Current.CancellationToken);
        Assert.Equal(TokenStanding.Revoked, standing);
    }

    [Theory]
    [InlineData("4102444800", "2100-01-01T00:00:00Z")]
    [InlineData("\"4102444800\"", "2100-01-01T00:00:00Z")]
    [InlineData("\"2100-01-01T02:00:00+02:00\"", "2100-01-01T00:00:00Z")]
    [InlineData("\"2100-01-01T00:00:00Z\"", "2100-01-01T00:00:00Z")]
    [InlineData("0", null)]
    [InlineData("\"0\"", null)]
    [InlineData("\"\"", null)]
    [InlineData("null", null)]
    public async Task Token_expiry_is_taken_as_seconds_or_time(string expiresAt, string? expected)
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.CreateConnectorAsync("a");
        var made = await server.PostAsync("connector/token", $"{{\"connector_id\":\"{id}\",\"name\":\"n\",\"expires_at\":{expiresAt}}}");
        Assert.Equal(expected, made.TryGetProperty("expires_at", out var expiry) ? expiry.GetString() : null);
    }

    [Theory]
    [InlineData("1", "is in the past")]
    [InlineData("\"2001-01-01T00:00:00Z\"", "2001-01-01T00:00:00Z is in the past")]
    [InlineData("\"2100-01-01\"", "got \"2100-01-01\"")]
    [InlineData("\"2100-01-01T00:00:00\"", "expected Unix seconds or a time")]
    [InlineData("\"tomorrow\"", "got \"tomorrow\"")]
    [InlineData("-5", "got -5")]
    [InlineData("4102444800000", "got 4102444800000")]
    [InlineData("1e300", "got 1e300")]
    [InlineData("true", "got true or false")]
    public async Task Token_expiry_that_is_none_or_past_is_refused(string expiresAt, string expected)
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.CreateConnectorAsync("a");
        var message = await server.RefusedAsync(
            HttpMethod.Post, "connector/token", $"{{\"connector_id\":\"{id}\",\"expires_at\":{expiresAt}}}", 400);
        Assert.StartsWith("expires_at: ", message);
        Assert.Contains(expected, message);
    }

    [Fact]
    public async Task Token_needs_a_connector_and_a_public_url()
    {
        await using var server = await ApiServer.StartAsync(options => options.PublicUrl = null);
        var id = await server.CreateConnectorAsync("a");
        await server.RefusedAsync(HttpMethod.Post, "connector/token", new { name = "n" }, 400);
        await server.RefusedAsync(HttpMethod.Post, "connector/token", new { connector_id = "nobody" }, 404);
        await server.RefusedAsync(HttpMethod.Get, "connector/nobody/tokens", null, 404);
        Assert.Contains("server.public_url", await server.RefusedAsync(HttpMethod.Post, "connector/token", new { connector_id = id }, 412));
    }

    [Fact]
    public async Task Connector_shows_its_session_and_replicas_as_control_and_edge_see_them()
    {
        await using var server = await ApiServer.StartAsync();
        var id = new ConnectorId(await server.CreateConnectorAsync("a"));
        var (one, two, boot) = (new ReplicaId("r1"), new ReplicaId("r2"), BootId.New());
        var since = DateTimeOffset.UnixEpoch.AddDays(20_000);
        server.Sessions.States[id] = new SessionState(
            id, "online", new SessionEpoch(7), one, since, since.AddDays(1), [new ReplicaState(one, boot, "0.1.0", since, "192.0.2.7")], []);
        server.Feed.Report(new EdgeReport.LinksChanged(
            id, [new ReplicaLinks(one, boot, 4, 12, false, [new SocketId("s")]), new ReplicaLinks(two, boot, 2, 0, true, [])]));

        var connector = await server.GetAsync($"connector/{id}");

        var session = connector.GetProperty("session");
        Assert.Equal(("online", 7, "r1"), (
            session.GetProperty("state").GetString(), session.GetProperty("epoch").GetInt64(), session.GetProperty("leader").GetString()));
        Assert.StartsWith("2024-10-05", connector.GetProperty("last_seen_at").GetString());
        var replicas = connector.GetProperty("replicas").EnumerateArray().ToList();
        Assert.Equal(2, replicas.Count);
        Assert.Equal(("r1", boot.ToString(), "0.1.0", 4, 12, false), (
            replicas[0].GetProperty("id").GetString(), replicas[0].GetProperty("boot_id").GetString(), replicas[0].GetProperty("version").GetString(),
            replicas[0].GetProperty("lanes").GetInt32(), replicas[0].GetProperty("live_streams").GetInt32(), replicas[0].GetProperty("draining").GetBoolean()));
        Assert.Equal("s", replicas[0].GetProperty("links")[0].GetProperty("sockets")[0].GetString());
        Assert.Equal(("r2", true), (replicas[1].GetProperty("id").GetString(), replicas[1].GetProperty("draining").GetBoolean()));
        Assert.False(replicas[1].TryGetProperty("version", out _));
        var database = server.Services.GetRequiredService<ControlDatabase>();
        var version = replicas[0].GetProperty("config_version");
        Assert.Equal((database.Incarnation, 1), (version.GetProperty("incarnation").GetString(), version.GetProperty("desired").GetInt64()));
        Assert.False(version.TryGetProperty("applied", out _));

        await SayAppliedAsync(new DesiredStateVersion(database.Incarnation, 1), 1);
        await SayAppliedAsync(new DesiredStateVersion("another store", 7), null);

        async Task SayAppliedAsync(DesiredStateVersion applied, long? shown)
        {
            server.Sessions.States[id] = server.Sessions.States[id] with { Replicas = [new ReplicaState(one, boot, "0.1.0", since, "192.0.2.7", applied)] };
            var answer = (await server.GetAsync($"connector/{id}")).GetProperty("replicas")[0].GetProperty("config_version");
            Assert.Equal(shown, answer.TryGetProperty("applied", out var number) ? number.GetInt64() : null);
        }
    }

    [Fact]
    public async Task Replicas_of_a_group_show_role_uptime_and_draining_as_their_leader_reported()
    {
        await using var server = await ApiServer.StartAsync();
        var id = new ConnectorId(await server.CreateConnectorAsync("a"));
        var (one, two, edgeOnly) = (new ReplicaId("r1"), new ReplicaId("r2"), new ReplicaId("r3"));
        var started = DateTimeOffset.UtcNow.AddHours(-2);
        server.Sessions.States[id] = new SessionState(
            id, "online", new SessionEpoch(7), one, started, started,
            [
                new ReplicaState(one, BootId.New(), "0.1.0", started, "192.0.2.7") { Role = ReplicaState.Leader, StartedAt = started, LiveStreams = 3 },
                new ReplicaState(two, BootId.New(), "0.2.0", null, "") { Role = ReplicaState.Member, StartedAt = DateTimeOffset.UtcNow.AddHours(1), Draining = true },
            ],
            []);
        server.Feed.Report(new EdgeReport.LinksChanged(id, [new ReplicaLinks(edgeOnly, BootId.New(), 2, 5, false, [])]));

        var replicas = (await server.GetAsync($"connector/{id}")).GetProperty("replicas").EnumerateArray().ToList();

        Assert.Equal(("leader", 3, false), (
            replicas[0].GetProperty("role").GetString(), replicas[0].GetProperty("live_streams").GetInt32(), replicas[0].GetProperty("draining").GetBoolean()));
        Assert.InRange(replicas[0].GetProperty("uptime").GetInt64(), 7_200, 7_300);
        Assert.Equal(started.UtcDateTime, replicas[0].GetProperty("started_at").GetDateTime());
        // A clock that is ahead makes nobody run for less than no time.
        Assert.Equal(("member", 0L, true, "0.2.0"), (
            replicas[1].GetProperty("role").GetString(), replicas[1].GetProperty("uptime").GetInt64(), replicas[1].GetProperty("draining").GetBoolean(),
            replicas[1].GetProperty("version").GetString()));
        Assert.Equal(("r3", 5), (replicas[2].GetProperty("id").GetString(), replicas[2].GetProperty("live_streams").GetInt32()));
        Assert.All((string[])["role", "uptime", "started_at"], name => Assert.False(replicas[2].TryGetProperty(name, out _)));
    }

    [Fact]
    public async Task Description_names_what_is_shown_of_session_and_replicas()
    {
        await using var server = await ApiServer.StartAsync();
        var schemas = (await server.SendAsync(HttpMethod.Get, "/openapi/v1.json", null, HttpStatusCode.OK)).GetProperty("components").GetProperty("schemas");

        Assert.All((string[])["state", "epoch", "leader", "since"], name => Assert.True(Fields("SessionAnswer").TryGetProperty(name, out _), name));
        Assert.All(
            (string[])["id", "version", "uptime", "started_at", "lamps", "live_streams", "draining", "role"],
            name => Assert.True(Fields("ReplicaAnswer").TryGetProperty(name, out _), name));

        JsonElement Fields(string schema) => schemas.GetProperty(schema).GetProperty("properties");
    }

    [Fact]
    public async Task Logs_are_paged_newest_first_and_filtered()
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.CreateConnectorAsync("a");
        var records = Enumerable.Range(1, 25).Select(index => new LogRecord(
            DateTimeOffset.UnixEpoch.AddDays(20_000 + index), index % 5 == 0 ? "error" : "info", $"{{\"msg\":\"nº {index}\"}}",
            index % 2 == 0 ? new SocketId("s") : null, index == 3 ? new PluginId("p") : null, "connector")).ToList();
        await server.Services.GetRequiredService<IControlStore>()
            .AppendLogsAsync(new ConnectorId(id), new SessionEpoch(0), records, null, TestContext.Current.CancellationToken);

        var first = await server.GetAsync($"connector/{id}/logs?page_size=10");
        Assert.Equal("""{"current_page":1,"next_page":2,"total_records":25,"total_pages":3,"records_per_page":10,"actual_page_size":10}""",
            first.GetProperty("pagination").GetRawText());
        var newest = first.GetProperty("list")[0];
        Assert.Equal(("{\"msg\":\"nº 25\"}", "error", "connector", id), (
            newest.GetProperty("message").GetString(), newest.GetProperty("severity").GetString(), newest.GetProperty("source").GetString(),
            newest.GetProperty("connector_id").GetString()));
        var last = await server.GetAsync($"connector/{id}/logs?page=3&page_size=10");
        Assert.Equal((0, 5), (
            last.GetProperty("pagination").GetProperty("next_page").GetInt32(), last.GetProperty("pagination").GetProperty("actual_page_size").GetInt32()));
        Assert.Empty((await server.GetAsync($"connector/{id}/logs?page=2147483647&page_size=1000")).GetProperty("list").EnumerateArray());
        Assert.Equal(5, await CountAsync("severity=error"));
        Assert.Equal(12, await CountAsync("socket_id=s"));
        Assert.Equal(2, await CountAsync("socket_id=s&severity=error"));
        Assert.Equal(1, await CountAsync("plugin_id=p"));
        Assert.Equal(25, await CountAsync("severity="));

        await server.RefusedAsync(HttpMethod.Get, "connector/nobody/logs", null, 404);
        foreach (var query in new[] { "page=0", "page=x", "page_size=1001", "page_size=-1", "severity=loud" })
        {
            Assert.StartsWith(query.Split('=')[0], await server.RefusedAsync(HttpMethod.Get, $"connector/{id}/logs?{query}", null, 400));
        }

        async Task<int> CountAsync(string query)
            => (await server.GetAsync($"connector/{id}/logs?{query}")).GetProperty("pagination").GetProperty("total_records").GetInt32();
    }
}
