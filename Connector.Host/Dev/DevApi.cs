using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Connector.Host.Errors;
using Connector.Protocol;
using Connector.Protocol.Json;

namespace Connector.Host.Dev;

/// <summary>What <c>dev</c> sets up through the API, as any script would. Idempotent: what exists is found by its name and updated.</summary>
internal sealed class DevApi : IDisposable
{
    private static readonly ImmutableArray<string> Loopback = ["127.0.0.0/8", "::1/128"];

    private const int KeptSocketAttempts = 50;

    private readonly HttpClient http;

    public DevApi(Uri apiUrl, Secret adminToken, HttpMessageHandler? handler = null)
    {
        http = handler is null ? new HttpClient() : new HttpClient(handler);
        http.BaseAddress = new Uri(apiUrl.AbsoluteUri.TrimEnd('/') + "/");
        http.Timeout = TimeSpan.FromSeconds(10);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", adminToken.Reveal());
    }

    public void Dispose() => http.Dispose();

    /// <summary>The id of the connector of this name, made if there is none.</summary>
    public async Task<string> EnsureConnectorAsync(string name, CancellationToken cancellationToken)
    {
        var listed = await SendAsync(HttpMethod.Get, "connectors", null, cancellationToken);
        var existing = List(listed).FirstOrDefault(connector => (string?)connector["name"] == name)
            ?? await SendAsync(HttpMethod.Post, "connector", new { name, description = "made by connector dev" }, cancellationToken);
        return Text(existing, "connector_id");
    }

    /// <summary>Whether the connector still has a token of this id.</summary>
    public async Task<bool> HasTokenAsync(string connectorId, string tokenId, CancellationToken cancellationToken)
    {
        var listed = await SendAsync(HttpMethod.Get, $"connector/{Uri.EscapeDataString(connectorId)}/tokens", null, cancellationToken);
        return List(listed).Any(token => (string?)token["id"] == tokenId);
    }

    public async Task<Secret> CreateTokenAsync(string connectorId, string name, CancellationToken cancellationToken)
        => new(Text(await SendAsync(HttpMethod.Post, "connector/token", new { connector_id = connectorId, name }, cancellationToken), "token"));

    /// <summary>Makes the socket, or points the existing one of this name at the upstream. Public to loopback only.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> EnsureSocketAsync(string connectorId, Exposure exposure, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["name"] = exposure.Name,
            ["description"] = exposure.Description,
            ["socket_type"] = exposure.SocketType,
            ["upstream_type"] = exposure.SocketType == "database" ? exposure.Scheme : exposure.SocketType,
            ["connector_ids"] = new JsonArray(connectorId),
            ["upstream_configuration"] = JsonSerializer.SerializeToNode(exposure.ToUpstream(), WireJson.Options),
            ["edge"] = new JsonObject { ["public"] = true, ["allowed_ips"] = new JsonArray([.. Loopback.Select(network => JsonValue.Create(network))]) },
        };
        var existing = await FindSocketAsync(exposure.Name, cancellationToken);
        if (existing is null)
        {
            return Text(await SendAsync(HttpMethod.Post, "socket", body, cancellationToken), "socket_id");
        }

        if ((string?)existing["socket_type"] is { } type && type != exposure.SocketType)
        {
            // A socket's type does not change; its endpoint may.
            await SendAsync(HttpMethod.Delete, $"socket/{exposure.Name}", null, cancellationToken);
            return Text(await SendAsync(HttpMethod.Post, "socket", body, cancellationToken), "socket_id");
        }

        if (existing["edge"]?["port"] is { } port)
        {
            body["edge"]!["port"] = port.DeepClone();
        }

        await SendAsync(HttpMethod.Put, $"socket/{exposure.Name}", body, cancellationToken);
        return Text(existing, "socket_id");
    }

    /// <summary>
    /// All sockets that have an endpoint, those of earlier runs too. Those of this connector are given the time that the replica needs to serve them; what
    /// still is not served says why.
    /// </summary>
    public async Task<ImmutableArray<DevSocket>> ListSocketsAsync(string connectorId, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var listed = List(await SendAsync(HttpMethod.Get, "sockets?page_size=1000", null, cancellationToken))
                .Where(socket => !string.IsNullOrEmpty((string?)socket["endpoint"])).ToArray();
            ImmutableArray<DevSocket> sockets = [.. listed.Select(socket => DevSocketReader.Read(socket, connectorId))];
            if (attempt == KeptSocketAttempts || !listed.Zip(sockets, static (answer, socket) => socket.IsOurs && DevSocketReader.IsStarting(answer)).Any(static starting => starting))
            {
                return sockets;
            }

            await Task.Delay(100, cancellationToken);
        }
    }

    /// <summary>The page ends with the run that served it; its socket would lead nowhere.</summary>
    public async Task RemoveBuiltInPageAsync(CancellationToken cancellationToken)
    {
        // Somebody else's socket may have that name.
        if (await FindSocketAsync(BuiltInPage.SocketName, cancellationToken) is { } socket && (string?)socket["description"] == BuiltInPage.Description)
        {
            await SendAsync(HttpMethod.Delete, $"socket/{BuiltInPage.SocketName}", null, cancellationToken);
        }
    }

    /// <summary>Returns when the edge listens for each socket and a replica serves it there.</summary>
    /// <exception cref="ConnectorError">A socket cannot be served, whatever is waited for.</exception>
    public async Task WaitUntilAliveAsync(IReadOnlyCollection<string> socketIds, CancellationToken cancellationToken)
    {
        foreach (var id in socketIds)
        {
            while (true)
            {
                var socket = await SendAsync(HttpMethod.Get, $"socket/{Uri.EscapeDataString(id)}", null, cancellationToken);
                var state = (string?)socket["status"]?["state"];
                if (state is "unsupported" or "failed")
                {
                    throw new ConnectorError(
                        $"Cannot expose {Text(socket, "name")}", (string?)socket["status"]?["reason"] ?? state, "Correct its --expose, or start over with --fresh");
                }

                if ((string?)socket["listener"]?["state"] == "failed")
                {
                    throw new ConnectorError(
                        $"Cannot expose {Text(socket, "name")} at {Text(socket, "endpoint")}", ((string?)socket["listener"]?["reason"] ?? "the port cannot be had").TrimEnd('.'),
                        "Free the port, choose others with --edge-ports, or start over with --fresh");
                }

                if ((bool?)socket["alive"] == true && (string?)socket["listener"]?["state"] == "listening")
                {
                    break;
                }

                await Task.Delay(50, cancellationToken);
            }
        }
    }

    private async Task<JsonNode?> FindSocketAsync(string name, CancellationToken cancellationToken)
    {
        var listed = await SendAsync(HttpMethod.Get, "sockets?page_size=1000", null, cancellationToken);
        return List(listed).FirstOrDefault(socket => (string?)socket["name"] == name);
    }

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        var what = $"Cannot set up dev: {method} {new Uri(http.BaseAddress!, path).AbsolutePath}";
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            using var response = await http.SendAsync(request, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                return string.IsNullOrWhiteSpace(text) ? new JsonObject() : JsonNode.Parse(text) ?? new JsonObject();
            }

            throw response.StatusCode == HttpStatusCode.Unauthorized
                ? new ConnectorError(what, "the API does not accept the admin token of the data directory", "Start over with --fresh")
                : new ConnectorError(what, $"the API answered {(int)response.StatusCode}: {Reason(text)}", "Correct what it names, or start over with --fresh");
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new ConnectorError(what, failure.Message.TrimEnd('.'), "See the log above; BORDER0_LOG_LEVEL=debug shows more", inner: failure);
        }
    }

    private static string Reason(string text)
    {
        try
        {
            return (string?)JsonNode.Parse(text)?["error_message"] ?? "no reason given";
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            return "no reason given";
        }
    }

    private static IEnumerable<JsonNode> List(JsonNode answer)
        => (answer as JsonArray ?? answer["list"] as JsonArray ?? []).OfType<JsonNode>();

    private static string Text(JsonNode answer, string key) => (string?)answer[key]
        ?? throw new ConnectorError("Cannot set up dev", $"an answer of the API has no {key}", "Please report it");
}
