using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Connector.Tests.Processes;

/// <summary>The REST API as an administrator's script uses it.</summary>
internal sealed class ControlPlaneApi : IDisposable
{
    private readonly HttpClient client;
    private readonly string connectorId;

    public ControlPlaneApi(Uri baseAddress, string adminToken, string connectorId)
    {
        this.connectorId = connectorId;
        client = new HttpClient { BaseAddress = baseAddress, Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", adminToken);
    }

    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, string? body = null, string? bearer = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (bearer is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        }

        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using var response = await client.SendAsync(request);
        return new ApiAnswer(response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>A socket that relays bytes to a port on loopback and that everyone on loopback may use.</summary>
    /// <param name="change">What is to be otherwise in the request.</param>
    public async Task<ApiSocket> CreateSocketAsync(string name, int upstreamPort, Action<JsonObject>? change = null)
    {
        var body = SocketBody(name, upstreamPort);
        change?.Invoke(body);
        var answer = (await SendAsync(HttpMethod.Post, "socket", body.ToJsonString())).EnsureSuccess($"Creating socket {name}");
        return ApiSocket.Of(answer.Json);
    }

    /// <summary>As an editor does it: read all, change one thing, write all.</summary>
    public async Task<ApiAnswer> ChangeUpstreamAsync(ApiSocket socket, JsonNode upstream)
    {
        var current = (await SendAsync(HttpMethod.Get, $"socket/{socket.Id}")).EnsureSuccess($"Reading socket {socket.Name}").Json;
        current["upstream_configuration"] = upstream;
        return await SendAsync(HttpMethod.Put, $"socket/{socket.Id}", current.ToJsonString());
    }

    public async Task DeleteSocketAsync(ApiSocket socket)
    {
        var answer = await SendAsync(HttpMethod.Delete, $"socket/{socket.Id}");
        if (answer.Status != HttpStatusCode.NotFound)
        {
            answer.EnsureSuccess($"Deleting socket {socket.Name}");
        }
    }

    public async Task<string> LogsAsync()
        => (await SendAsync(HttpMethod.Get, $"connector/{connectorId}/logs?page_size=500")).EnsureSuccess("Reading the connector's logs").Body;

    /// <param name="configuration">What stands below the type's own key.</param>
    public async Task<string> CreatePluginAsync(string type, JsonObject configuration)
    {
        configuration["scan_interval_minutes"] = 1;
        var body = new JsonObject
        {
            ["connector_id"] = connectorId,
            ["plugin_type"] = type,
            ["enabled"] = true,
            ["configuration"] = new JsonObject { [$"{type}_plugin_configuration"] = configuration },
        };
        return (string?)(await SendAsync(HttpMethod.Post, "connector/plugins", body.ToJsonString())).EnsureSuccess($"Creating a plugin of type {type}").Json["id"]
            ?? throw new InvalidDataException("The new plugin has no id.");
    }

    public async Task<JsonNode> PluginAsync(string id) => (await SendAsync(HttpMethod.Get, $"connector/plugins/{id}")).EnsureSuccess("Reading a plugin").Json;

    public async Task DeletePluginAsync(string id) => (await SendAsync(HttpMethod.Delete, $"connector/plugins/{id}")).EnsureSuccess("Deleting a plugin");

    /// <summary>What a plugin has discovered, what is missing by now as well.</summary>
    public async Task<JsonArray> DiscoveredAsync(string pluginId)
        => (await SendAsync(HttpMethod.Get, $"connector/{connectorId}/discovered_resources?plugin_id={pluginId}&page_size=500")).EnsureSuccess("Reading discovered resources").Json["list"] as JsonArray
            ?? throw new InvalidDataException("The discovered resources are no list.");

    public JsonObject SocketBody(string name, int upstreamPort) => new()
    {
        ["name"] = name,
        ["socket_type"] = "tls",
        ["connector_id"] = connectorId,
        ["upstream_configuration"] = TlsUpstream(upstreamPort),
        ["edge"] = new JsonObject { ["public"] = true, ["allowed_ips"] = new JsonArray("127.0.0.0/8") },
    };

    public static JsonObject TlsUpstream(int port) => new()
    {
        ["service_type"] = "tls",
        ["tls_service_configuration"] = new JsonObject
        {
            ["tls_service_type"] = "standard",
            ["standard_tls_service_configuration"] = new JsonObject { ["hostname"] = "127.0.0.1", ["port"] = port },
        },
    };

    public void Dispose() => client.Dispose();
}
