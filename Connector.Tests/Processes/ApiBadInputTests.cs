using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class ApiBadInputTests(SharedDev dev)
{
    public static TheoryData<string> InvalidBodies =>
    [
        "{", "", "null", "[]", "\"text\"", "{\"name\": 5}", "{\"name\": \"a\", \"name\"}", "\0\u0001", "{\"name\": \"x\", \"tags\": \"not an object\"}",
        new string('[', 50_000), "{\"name\": \"" + new string('n', 100_000) + "\"}",
    ];

    [Theory]
    [MemberData(nameof(InvalidBodies))]
    public async Task Invalid_body_is_answered_with_a_reason(string body)
    {
        var connector = await dev.GetAsync(TestContext.Current.CancellationToken);

        var answer = await connector.Api.SendAsync(HttpMethod.Post, "socket", body);

        AssertRefused(answer, HttpStatusCode.BadRequest, HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Duplicate_name_is_refused_and_named()
    {
        var connector = await dev.GetAsync(TestContext.Current.CancellationToken);
        var name = $"twice-{Guid.NewGuid().ToString("N")[..8]}";
        var first = await connector.Api.CreateSocketAsync(name, 1);

        var answer = await connector.Api.SendAsync(HttpMethod.Post, "socket", connector.Api.SocketBody(name, 2).ToJsonString());

        AssertRefused(answer, HttpStatusCode.BadRequest, HttpStatusCode.Conflict, HttpStatusCode.PreconditionFailed);
        Assert.Contains(name, answer.Body, StringComparison.Ordinal);
        (await connector.Api.SendAsync(HttpMethod.Get, $"socket/{first.Id}")).EnsureSuccess("Reading the first");
        await connector.Api.DeleteSocketAsync(first);
    }

    [Fact]
    public async Task Unknown_fields_are_ignored()
    {
        var connector = await dev.GetAsync(TestContext.Current.CancellationToken);
        var body = connector.Api.SocketBody($"unknown-{Guid.NewGuid().ToString("N")[..8]}", 1);
        body["a_field_of_a_later_version"] = new JsonObject { ["deep"] = new JsonArray(1, 2, 3) };

        var answer = (await connector.Api.SendAsync(HttpMethod.Post, "socket", body.ToJsonString())).EnsureSuccess("Creating with an unknown field");

        (await connector.Api.SendAsync(HttpMethod.Delete, $"socket/{answer.Json["socket_id"]}")).EnsureSuccess("Deleting");
    }

    [Fact]
    public async Task Edge_port_that_is_taken_is_refused_and_named()
    {
        var connector = await dev.GetAsync(TestContext.Current.CancellationToken);
        var first = await connector.Api.CreateSocketAsync($"port-{Guid.NewGuid().ToString("N")[..8]}", 1);
        var body = connector.Api.SocketBody($"port-{Guid.NewGuid().ToString("N")[..8]}", 2);
        body["edge"]!["port"] = first.Port;

        var answer = await connector.Api.SendAsync(HttpMethod.Post, "socket", body.ToJsonString());

        AssertRefused(answer, HttpStatusCode.BadRequest, HttpStatusCode.Conflict, HttpStatusCode.PreconditionFailed);
        Assert.Contains(first.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), answer.Body, StringComparison.Ordinal);
        await connector.Api.DeleteSocketAsync(first);
    }

    [Theory]
    [InlineData("not-a-token")]
    [InlineData("eyJhbGciOiJub25lIn0.eyJvcmdfaWQiOiJ4In0.")]
    public async Task Wrong_bearer_is_unauthorized(string bearer)
    {
        var connector = await dev.GetAsync(TestContext.Current.CancellationToken);

        AssertRefused(await connector.Api.SendAsync(HttpMethod.Get, "connectors", bearer: bearer), HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("socket/00000000-0000-0000-0000-000000000000")]
    [InlineData("connector/..%2f..%2fetc%2fpasswd")]
    public async Task Unknown_thing_is_not_found(string path)
    {
        var connector = await dev.GetAsync(TestContext.Current.CancellationToken);

        AssertRefused(await connector.Api.SendAsync(HttpMethod.Get, path), HttpStatusCode.NotFound, HttpStatusCode.BadRequest);
    }

    private static void AssertRefused(ApiAnswer answer, params HttpStatusCode[] allowed)
    {
        Assert.True(allowed.Contains(answer.Status), $"{(int)answer.Status} {answer.Body}");
        using var json = JsonDocument.Parse(answer.Body);
        Assert.Equal((int)answer.Status, json.RootElement.GetProperty("status_code").GetInt32());
        Assert.NotEmpty(json.RootElement.GetProperty("error_message").GetString()!);
    }
}
