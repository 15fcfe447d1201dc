using System.Text.Json.Nodes;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Host.Composition;

/// <summary>What the API shows is what the replica said.</summary>
[Trait("kind", Kinds.Contract)]
public sealed class ShownTruthTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Unsupported_socket_is_shown_with_its_reason_and_logged_once_and_the_others_are_served()
    {
        await using var upstream = LoopbackUpstream.StartEcho();
        await using var parts = await JoinedParts.StartAsync();
        var served = await parts.Api.CreateSocketAsync("served", upstream.Port);
        var body = parts.Api.SocketBody("shell", 1);
        body["socket_type"] = "ssh";
        body["upstream_configuration"] = new JsonObject
        {
            ["service_type"] = "ssh",
            ["ssh_service_configuration"] = new JsonObject { ["ssh_service_type"] = "connector_built_in_ssh_service" },
        };
        var unsupported = (string)(await parts.Api.SendAsync(HttpMethod.Post, "socket", body.ToJsonString())).EnsureSuccess("Creating the socket").Json["socket_id"]!;
        var replica = await parts.StartReplicaAsync((await parts.CreateTokenAsync()).Token);

        await UserConnection.EchoEventuallyAsync(served.Port, Cancellation);
        await Eventually.IsTrueAsync(
            async () => (string?)(await StatusAsync())["state"] == "unsupported", "the socket is shown as unsupported", Cancellation);
        Assert.Contains("connector_built_in_ssh_service", (string?)(await StatusAsync())["reason"], StringComparison.Ordinal);

        // A change that reaches the replica: after it was applied, what the replica had to log of the socket has been logged.
        var renamed = await parts.SocketAsync(served);
        renamed["name"] = "renamed";
        (await parts.Api.SendAsync(HttpMethod.Put, $"socket/{served.Id}", renamed.ToJsonString())).EnsureSuccess("Renaming a socket");
        await AppliedAsync();
        Assert.Equal("unsupported", (string?)(await StatusAsync())["state"]);
        await Eventually.IsTrueAsync(async () => await RecordsAsync(unsupported) > 0, "the socket's record is stored", Cancellation);
        Assert.Equal(1, await RecordsAsync(unsupported));

        // A change that means nothing to replicas does not leave them behind.
        var body2 = await parts.SocketAsync(served);
        body2["edge"]!["allowed_ips"] = new JsonArray("127.0.0.1/32");
        (await parts.Api.SendAsync(HttpMethod.Put, $"socket/{served.Id}", body2.ToJsonString())).EnsureSuccess("Narrowing a socket");
        await AppliedAsync();

        async Task<JsonNode> StatusAsync() => (await parts.Api.SendAsync(HttpMethod.Get, $"socket/{unsupported}")).EnsureSuccess("Reading the socket").Json["status"]!;

        Task AppliedAsync() => Eventually.IsTrueAsync(
            async () => (await parts.ConnectorAsync())["replicas"]!.AsArray().Single(answer => (string?)answer!["id"] == replica.ReplicaId.Value)!["config_version"]
                is { } version && (long?)version["applied"] == (long)version["desired"]!,
            "the replica has applied what is desired", Cancellation);

        async Task<int> RecordsAsync(string socketId)
            => (int)(await parts.Api.SendAsync(HttpMethod.Get, $"connector/{parts.ConnectorId}/logs?socket_id={socketId}")).EnsureSuccess("Reading logs")
                .Json["pagination"]!["total_records"]!;
    }
}
