using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Connector.Tests.Server.Api;

[Trait("kind", Kinds.Contract)]
public sealed class ApiGateTests
{
    [Theory]
    [InlineData("Authorization", "Bearer TOKEN", true)]
    [InlineData("Authorization", "bearer TOKEN", true)]
    [InlineData("Authorization", "TOKEN", true)]
    [InlineData("x-access-token", "TOKEN", true)]
    [InlineData("Authorization", "Bearer TOKENx", false)]
    [InlineData("Authorization", "Bearer ", false)]
    [InlineData("Authorization", "Basic TOKEN", false)]
    [InlineData("x-access-token", "guess", false)]
    [InlineData("x-other", "TOKEN", false)]
    public async Task Admin_token_is_taken_from_each_of_the_headers(string header, string value, bool accepted)
    {
        await using var server = await ApiServer.StartAsync();
        server.Client.DefaultRequestHeaders.Clear();
        server.Client.DefaultRequestHeaders.TryAddWithoutValidation(header, value.Replace("TOKEN", server.AdminToken, StringComparison.Ordinal));
        var expected = accepted ? HttpStatusCode.OK : HttpStatusCode.Unauthorized;

        var answer = await server.SendAsync(HttpMethod.Get, "connectors", null, expected);

        if (!accepted)
        {
            Assert.Contains("admin token", ApiServer.Message(answer, 401));
            // What exists is not told to strangers.
            await server.RefusedAsync(HttpMethod.Get, "nowhere", null, 401);
            await server.RefusedAsync(HttpMethod.Delete, "connectors", null, 401);
            await server.RefusedAsync(HttpMethod.Post, "connector", "not json", 401);
        }
    }

    [Fact]
    public async Task Unknown_path_and_method_are_errors_of_the_one_shape()
    {
        await using var server = await ApiServer.StartAsync();

        Assert.Contains("/api/v1/nowhere", await server.RefusedAsync(HttpMethod.Get, "nowhere", null, 404));
        Assert.Contains("/api/v9/sockets", await server.RefusedAsync(HttpMethod.Get, "/api/v9/sockets", null, 404));
        Assert.Contains("possible: GET", await server.RefusedAsync(HttpMethod.Delete, "sockets", null, 405));
        Assert.Contains("PATCH is not possible", await server.RefusedAsync(HttpMethod.Patch, "connector", new { }, 405));
    }

    [Fact]
    public async Task Body_of_another_type_is_refused_with_the_remedy()
    {
        await using var server = await ApiServer.StartAsync();
        using var content = new StringContent("name=a", Encoding.UTF8, "application/x-www-form-urlencoded");
        using var response = await server.Client.PostAsync("/api/v1/connector", content, TestContext.Current.CancellationToken);
        var answer = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains("Content-Type: application/json", ApiServer.Message(answer, 415));
    }

    [Theory]
    [InlineData("", "no body")]
    [InlineData("{\n  \"name\": ,\n}", "line 2, byte 11")]
    [InlineData("{\"name\":\"a\"", "line 1, byte")]
    [InlineData("[]", "the body is a list; send a JSON object")]
    [InlineData("null", "the body is null")]
    [InlineData("{\"name\":\"a\",\"name\":\"b\"}", "name")]
    [InlineData("{\"name\":7}", "name: expected text, got a number")]
    [InlineData("{\"name\":\"a\",\"built_in_ssh_service_enabled\":\"yes\"}", "built_in_ssh_service_enabled: expected true or false, got text")]
    [InlineData("{\"name\":\"\\ud800\"}", "half of a surrogate pair")]
    [InlineData("{\"\\udc00\":1}", "half of a surrogate pair")]
    [InlineData("{} {}", "line 1, byte 4")]
    public async Task Body_that_is_no_json_object_is_refused_with_the_place(string body, string expected)
    {
        await using var server = await ApiServer.StartAsync();
        Assert.Contains(expected, await server.RefusedAsync(HttpMethod.Post, "connector", body, 400));
    }

    [Fact]
    public async Task Body_that_is_deep_or_no_utf8_is_refused()
    {
        await using var server = await ApiServer.StartAsync();
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 5_000));
        Assert.Contains("depth", await server.RefusedAsync(HttpMethod.Post, "connector", deep, 400));
        Assert.Contains("not UTF-8", await server.RefusedAsync(HttpMethod.Post, "connector", new byte[] { (byte)'{', 0xFF, (byte)'}' }, 400));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_over_a_mebibyte_is_refused_and_the_server_serves_on(bool chunked)
    {
        await using var server = await ApiServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/connector")
        {
            Content = new StringContent($"{{\"name\":\"a\",\"description\":\"{new string('x', 1_100_000)}\"}}", Encoding.UTF8, "application/json"),
        };
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await server.Client.SendAsync(request, TestContext.Current.CancellationToken);

        var answer = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains("larger than 1048576 bytes", ApiServer.Message(answer, 413));
        Assert.Empty((await server.GetAsync("connectors")).GetProperty("list").EnumerateArray());
    }

    [Fact]
    public async Task Client_that_stops_within_its_body_leaves_the_server_serving()
    {
        await using var server = await ApiServer.StartAsync();
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
            await client.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes($"POST /api/v1/connector HTTP/1.1\r\nHost: a\r\nAuthorization: {server.AdminToken}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{\"name\""),
                TestContext.Current.CancellationToken);
        }

        Assert.Empty((await server.GetAsync("connectors")).GetProperty("list").EnumerateArray());
    }

    [Fact]
    public async Task Store_that_cannot_write_is_a_503_that_names_the_file()
    {
        await using var server = await ApiServer.StartAsync(options => options.BusyTimeout = TimeSpan.FromSeconds(5));
        var path = server.Services.GetRequiredService<ControlPlaneOptions>().DatabasePath;
        using var other = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={path};Pooling=False");
        other.Open();
        using var transaction = other.BeginTransaction();

        Assert.Contains($"{path}: another process has it locked", await server.RefusedAsync(HttpMethod.Post, "connector", new { name = "a" }, 503));
    }

    [Fact]
    public async Task Fault_of_the_server_is_a_500_that_tells_nothing_inside()
    {
        await using var server = await ApiServer.StartAsync();
        await server.CreateConnectorAsync("a");
        server.Services.GetRequiredService<ControlDatabase>()
            .Write(db => db.Connectors.ExecuteUpdate(set => set.SetProperty(connector => connector.Metadata, "not json")));

        Assert.StartsWith("this is a fault of the server", await server.RefusedAsync(HttpMethod.Get, "connectors", null, 500));
    }

    [Fact]
    public async Task Server_tells_its_organization_and_that_reads_follow_writes_at_once()
    {
        await using var server = await ApiServer.StartAsync();
        var info = await server.GetAsync("serverinfo");
        Assert.Equal(0, info.GetProperty("data_consistency").GetProperty("rx_after_tx_delay_ms").GetInt32());
        var organization = await server.GetAsync("organization");
        Assert.True(Guid.TryParse(organization.GetProperty("id").GetString(), out _));
        Assert.Equal("default", organization.GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Object, organization.GetProperty("certificate").ValueKind);
    }

    [Fact]
    public async Task OpenApi_document_lists_every_path()
    {
        await using var server = await ApiServer.StartAsync();
        using var stranger = new HttpClient { BaseAddress = server.Address };
        var text = await stranger.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken);
        var paths = JsonSerializer.Deserialize<JsonElement>(text).GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(verb => $"{verb.Name} {path.Name["/api/v1".Length..]}")).Order();
        Assert.Equal(
            [
                "delete /connector/plugins/{id}", "delete /connector/{id}", "delete /connector/{id}/token/{tokenId}", "delete /edge/{id}", "delete /socket/{id}",
                "get /connector/plugins/defaults/{type}", "get /connector/plugins/{id}", "get /connector/{id}", "get /connector/{id}/discovered_resources",
                "get /connector/{id}/logs", "get /connector/{id}/plugins", "get /connector/{id}/token/{tokenId}", "get /connector/{id}/tokens", "get /connectors",
                "get /discovered_resource/{id}", "get /discovered_resource/{id}/changes", "get /edge/{id}", "get /edges", "get /organization", "get /serverinfo",
                "get /sessions", "get /socket", "get /socket/{id}", "get /socket/{id}/connectors", "get /socket/{id}/upstream_configurations", "get /sockets",
                "post /connector", "post /connector/plugins", "post /connector/plugins/{id}/discover", "post /connector/plugins/{id}/review", "post /connector/token",
                "post /edge", "post /edge/{id}/credential", "post /socket", "put /connector", "put /connector/plugins/{id}", "put /socket/{id}",
            ],
            paths.Order(StringComparer.Ordinal));
        Assert.Contains("upstream_configuration", text);
    }
}
