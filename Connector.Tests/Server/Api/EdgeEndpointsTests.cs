using System.Net;
using System.Text.Json;
using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Relay.Links;
using Connector.Server.Control;
using Connector.Server.Feed;
using Connector.Server.Feed.Serving;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Tests.Server.Api;

[Trait("kind", Kinds.Contract)]
public sealed class EdgeEndpointsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Edge_is_made_with_a_credential_that_is_shown_once()
    {
        await using var server = await ApiServer.StartAsync();
        var made = await server.PostAsync("edge", new { name = "far" });
        var token = made.GetProperty("token").GetString()!;
        var claims = EdgeCredentialReader.Read(new Secret(token));
        Assert.Equal(made.GetProperty("edge_id").GetString(), claims.EdgeId.Value);
        Assert.Equal(("https://border0.example.com:8443/", ApiServer.CaPin), (claims.ServerUrl.AbsoluteUri, Assert.Single(claims.CaPins)));
        Assert.True(server.Services.GetRequiredService<TokenVerifier>().TryVerifyEdgeCredential(token, out _, out var reason), reason);
        Assert.Equal(("far", "new", false), (made.GetProperty("name").GetString(), made.GetProperty("state").GetString(), made.GetProperty("built_in").GetBoolean()));

        var read = await server.GetAsync("edge/far");
        Assert.False(read.TryGetProperty("token", out _));
        Assert.Equal(claims.EdgeId.Value, (await server.GetAsync($"edge/{claims.EdgeId}")).GetProperty("edge_id").GetString());
        Assert.Equal(claims.EdgeId.Value, Assert.Single((await server.GetAsync("edges")).GetProperty("list").EnumerateArray()).GetProperty("edge_id").GetString());
        Assert.DoesNotContain(token, (await server.GetAsync("edges")).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credential_of_an_edge_is_no_connector_token_and_the_other_way_round()
    {
        await using var server = await ApiServer.StartAsync();
        var verifier = server.Services.GetRequiredService<TokenVerifier>();
        var edge = (await server.PostAsync("edge", new { name = "far" })).GetProperty("token").GetString()!;
        var connector = (await server.PostAsync("connector/token", new { connector_id = await server.CreateConnectorAsync("a"), name = "t" })).GetProperty("token").GetString()!;
        Assert.False(verifier.TryVerifyConnectorToken(edge, out _, out var one));
        Assert.Contains("not a connector token", one, StringComparison.Ordinal);
        Assert.False(verifier.TryVerifyTicket(edge, out _, out _));
        Assert.False(verifier.TryVerifyEdgeCredential(connector, out _, out var two));
        Assert.Contains("not an edge credential", two, StringComparison.Ordinal);
    }

    [Fact]
    public async Task New_credential_makes_the_old_one_void()
    {
        await using var server = await ApiServer.StartAsync();
        var old = EdgeCredentialReader.Read(Token(await server.PostAsync("edge", new { name = "far" })));
        var next = EdgeCredentialReader.Read(Token(await server.PostAsync("edge/far/credential", new { expires_at = "2100-01-01T00:00:00Z" })));
        Assert.Equal(old.EdgeId, next.EdgeId);
        Assert.Equal(2100, next.ExpiresAt!.Value.Year);
        var catalog = server.Services.GetRequiredService<EdgeCatalog>();
        Assert.Equal(EdgeStanding.Replaced, (await catalog.CheckAsync(old.EdgeId, old.TokenId, Cancellation)).Standing);
        Assert.Equal(EdgeStanding.Valid, (await catalog.CheckAsync(next.EdgeId, next.TokenId, Cancellation)).Standing);
        Assert.Equal(EdgeStanding.Deleted, (await catalog.CheckAsync(new EdgeId("nobody"), next.TokenId, Cancellation)).Standing);
    }

    [Fact]
    public async Task Deleted_edge_is_gone_from_the_list_and_from_what_replicas_are_told()
    {
        await using var server = await ApiServer.StartAsync();
        var id = await RegisterAsync(server, "far");
        var directory = server.Services.GetRequiredService<EdgeDirectory>();
        directory.Publish(null, "edge.example.com");
        Assert.Equal(id, Assert.Single(directory.Edges).EdgeId);
        await server.DeleteAsync("edge/far");
        Assert.Empty(directory.Edges);
        Assert.Empty((await server.GetAsync("edges")).GetProperty("list").EnumerateArray());
        await server.RefusedAsync(HttpMethod.Get, "edge/far", null, 404);
        await server.RefusedAsync(HttpMethod.Delete, "edge/far", null, 404);
        await server.RefusedAsync(HttpMethod.Post, "edge/far/credential", null, 404);
    }

    [Theory]
    [InlineData("""{}""", "name")]
    [InlineData("""{"name":""}""", "name")]
    [InlineData("""{"name":"Not A Name"}""", "name")]
    [InlineData("""{"name":"local"}""", "own process")]
    [InlineData("""{"name":7}""", "name")]
    [InlineData("""{"name":"a","expires_at":1}""", "in the past")]
    public async Task Bad_request_names_what_is_wrong(string body, string expected)
    {
        await using var server = await ApiServer.StartAsync();
        Assert.Contains(expected, await server.RefusedAsync(HttpMethod.Post, "edge", body, 400), StringComparison.Ordinal);
        Assert.Empty((await server.GetAsync("edges")).GetProperty("list").EnumerateArray());
    }

    [Fact]
    public async Task Name_is_taken_once_and_the_built_in_edge_is_no_ones_to_change()
    {
        await using var server = await ApiServer.StartAsync();
        await server.PostAsync("edge", new { name = "far" });
        Assert.Contains("far", await server.RefusedAsync(HttpMethod.Post, "edge", new { name = "far" }, 409), StringComparison.Ordinal);
        server.Services.GetRequiredService<EdgeDirectory>().Publish(new EdgeEntry(BuiltInEdge.Id, ["localhost:8444"], [ApiServer.CaPin]), "edge.example.com");
        var own = await server.GetAsync("edge/local");
        Assert.Equal((true, "online", "edge.example.com"), (own.GetProperty("built_in").GetBoolean(), own.GetProperty("state").GetString(), own.GetProperty("public_host").GetString()));
        Assert.Equal(["local", "far"], (await server.GetAsync("edges")).GetProperty("list").EnumerateArray().Select(edge => edge.GetProperty("name").GetString()));
        await server.RefusedAsync(HttpMethod.Delete, "edge/local", null, 400);
        await server.RefusedAsync(HttpMethod.Post, "edge/local/credential", null, 400);
    }

    [Fact]
    public async Task Credential_needs_a_public_url_and_edges_have_a_bound()
    {
        await using (var server = await ApiServer.StartAsync(options => options.PublicUrl = null))
        {
            Assert.Contains("server.public_url", await server.RefusedAsync(HttpMethod.Post, "edge", new { name = "far" }, 412), StringComparison.Ordinal);
            Assert.Empty((await server.GetAsync("edges")).GetProperty("list").EnumerateArray());
        }

        await using var full = await ApiServer.StartAsync();
        var catalog = full.Services.GetRequiredService<EdgeCatalog>();
        for (var i = 0; i < EdgeCatalog.MaxEdges; i++)
        {
            await catalog.CreateAsync(new EdgeRow { Id = $"e{i}", Name = $"e{i}", CredentialId = "c" }, Cancellation);
        }

        Assert.Contains("100 edges", await full.RefusedAsync(HttpMethod.Post, "edge", new { name = "one-more" }, 412), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Socket_shows_listener_endpoint_and_path_of_each_edge()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = new ConnectorId(await server.CreateConnectorAsync("a"));
        var socket = new SocketId((await server.PostAsync("socket", ApiServer.Socket("db", connector.Value))).GetProperty("socket_id").GetString()!);
        var (east, west) = (await RegisterAsync(server, "east"), await RegisterAsync(server, "west"));
        server.Services.GetRequiredService<EdgeDirectory>().Publish(null, "control.example.com");
        var observations = server.Services.GetRequiredService<EdgeObservations>();
        var (replica, boot) = (new ReplicaId("r1"), BootId.New());
        observations.Of(east).Note(socket, new ListenerState(20_000, null));
        observations.Of(west).Note(socket, new ListenerState(20_000, "address in use"));
        observations.Of(east).Note(connector, [new ReplicaLinks(replica, boot, 2, 4, false, [socket]) { Path = new PathProof(true, TimeSpan.FromSeconds(1)) }]);
        observations.Of(west).Note(connector, [new ReplicaLinks(replica, boot, 1, 3, false, [socket]) { Path = new PathProof(false, TimeSpan.FromSeconds(9)) }]);
        server.Sessions.States[connector] = new SessionState(
            connector, "online", new SessionEpoch(1), replica, null, null, [new ReplicaState(replica, boot, "1", null, "")],
            [new SocketState(socket, replica, "serving", "", 7, DateTimeOffset.UnixEpoch) { Upstream = new LampReport(LampReport.On, DateTimeOffset.UnixEpoch, TimeSpan.Zero, "") }])
        {
            Silence = TimeSpan.FromSeconds(1), Reports = [new ReplicaReport(replica, TimeSpan.FromSeconds(1), [])],
        };

        var answer = await server.GetAsync("socket/db");
        Assert.True(answer.GetProperty("online").GetBoolean());
        Assert.Equal("east.example.com:20000", answer.GetProperty("endpoint").GetString());
        Assert.Equal("failed", answer.GetProperty("listener").GetProperty("state").GetString());
        var edges = answer.GetProperty("edges").EnumerateArray().ToList();
        Assert.Equal(
            [("east", "east.example.com:20000", "listening"), ("west", "west.example.com:20000", "failed")],
            edges.Select(edge => (edge.GetProperty("name").GetString(), edge.GetProperty("endpoint").GetString(), edge.GetProperty("listener").GetProperty("state").GetString())));
        var lamps = answer.GetProperty("status").GetProperty("replicas")[0];
        Assert.Equal("on", lamps.GetProperty("path").GetProperty("state").GetString());
        Assert.Equal(
            [(east.Value, "on"), (west.Value, "off")],
            lamps.GetProperty("paths").EnumerateArray().Select(path => (path.GetProperty("edge").GetString()!, path.GetProperty("state").GetString()!)));

        var links = (await server.GetAsync($"connector/{connector}")).GetProperty("replicas")[0];
        Assert.Equal((3, 7), (links.GetProperty("lanes").GetInt32(), links.GetProperty("live_streams").GetInt32()));
        Assert.Equal(
            [(east.Value, "on"), (west.Value, "off")],
            links.GetProperty("links").EnumerateArray().Select(link => (link.GetProperty("edge").GetString()!, link.GetProperty("path").GetProperty("state").GetString()!)));

        // Without the one edge the socket is not online, whatever the other says.
        observations.Of(east).Note(connector, []);
        Assert.False((await server.GetAsync("socket/db")).GetProperty("online").GetBoolean());
    }

    private static Secret Token(JsonElement made) => new(made.GetProperty("token").GetString()!);

    /// <summary>An edge that came once.</summary>
    private static async Task<EdgeId> RegisterAsync(ApiServer server, string name)
    {
        var id = new EdgeId((await server.PostAsync("edge", new { name })).GetProperty("edge_id").GetString()!);
        Assert.True(await server.Services.GetRequiredService<EdgeCatalog>().SeenAsync(
            id, new EdgePresence([$"{name}.example.com:8444"], [ApiServer.CaPin], $"{name}.example.com", "1"), Cancellation));
        await server.Services.GetRequiredService<EdgeDirectory>().RefreshAsync(Cancellation);
        return id;
    }
}
