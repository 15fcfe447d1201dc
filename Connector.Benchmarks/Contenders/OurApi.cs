using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Contenders;

/// <summary>The calls of the REST API that put a fresh connector in front of the load server.</summary>
internal sealed class OurApi : IDisposable
{
    private const string Name = "load";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient http;

    /// <param name="handler">How the server is reached, when not over this process's own network.</param>
    public OurApi(ReadyFile server, HttpMessageHandler? handler = null)
    {
        var address = server.ApiUrl ?? throw new InvalidOperationException("The server's ready file names no api_url.");
        http = new HttpClient(handler ?? new SocketsHttpHandler()) { BaseAddress = new Uri(address.TrimEnd('/') + "/"), Timeout = TimeSpan.FromSeconds(20) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", server.AdminToken);
    }

    public void Dispose() => http.Dispose();

    public async Task<string> CreateConnectorAsync(CancellationToken cancellation)
        => Text(await SendAsync(HttpMethod.Post, "connector", new { name = Name, description = "made by the comparison" }, cancellation), "connector_id");

    public async Task<string> CreateTokenAsync(string connector, CancellationToken cancellation)
        => Text(await SendAsync(HttpMethod.Post, "connector/token", new { connector_id = connector, name = Name }, cancellation), "token");

    /// <returns>Its credential.</returns>
    public async Task<string> CreateEdgeAsync(string name, CancellationToken cancellation)
        => Text(await SendAsync(HttpMethod.Post, "edge", new { name }, cancellation), "token");

    /// <summary>A plain byte relay to the port on loopback.</summary>
    /// <param name="allowed">Whence users may come.</param>
    public async Task<string> CreateSocketAsync(string connector, int targetPort, CancellationToken cancellation, string name = Name, string allowed = "127.0.0.0/8")
        => Text(
            await SendAsync(
                HttpMethod.Post,
                "socket",
                new
                {
                    name,
                    socket_type = "tls",
                    upstream_type = "tls",
                    connector_ids = new[] { connector },
                    upstream_configuration = new
                    {
                        service_type = "tls",
                        tls_service_configuration = new
                        {
                            tls_service_type = "standard",
                            standard_tls_service_configuration = new { hostname = "127.0.0.1", port = targetPort },
                        },
                    },
                    edge = new { @public = true, allowed_ips = new[] { allowed } },
                },
                cancellation),
            "socket_id");

    public Task<JsonNode> GetAsync(string path, CancellationToken cancellation) => SendAsync(HttpMethod.Get, path, null, cancellation);

    /// <summary>Returns where users connect, once the edge listens there and the replica serves it.</summary>
    public async Task<int> WaitUntilAliveAsync(
        string socket, TimeSpan deadline, IReadOnlyCollection<ChildProcess> processes, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(deadline);
        JsonNode? answer = null;
        try
        {
            while (true)
            {
                answer = await SendAsync(HttpMethod.Get, $"socket/{Uri.EscapeDataString(socket)}", null, timeout.Token);
                var listener = (string?)answer["listener"]?["state"];
                if ((bool?)answer["alive"] == true && listener == "listening")
                {
                    return PortOf(Text(answer, "endpoint"));
                }

                if (listener == "failed" || (string?)answer["status"]?["state"] is "failed" or "unsupported" || processes.Any(process => process.HasExited))
                {
                    throw new InvalidOperationException($"The socket cannot come alive. {Said(answer, processes)}");
                }

                await Task.Delay(Poll, timeout.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"The socket was not alive within {deadline.TotalSeconds:0} s. {Said(answer, processes)}");
        }
    }

    private static string Said(JsonNode? answer, IEnumerable<ChildProcess> processes)
        => $"Status {answer?["status"]?.ToJsonString() ?? "unknown"}, listener {answer?["listener"]?.ToJsonString() ?? "unknown"}. "
            + $"Server and replica wrote:\n{string.Join('\n', processes.Select(process => process.Output))}";

    private static int PortOf(string endpoint)
        => int.Parse(endpoint.AsSpan(endpoint.LastIndexOf(':') + 1), System.Globalization.CultureInfo.InvariantCulture);

    private static string Text(JsonNode answer, string key)
        => (string?)answer[key] ?? throw new InvalidOperationException($"An answer of the API has no {key}: {answer.ToJsonString()}");

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await http.SendAsync(request, cancellation);
        var text = await response.Content.ReadAsStringAsync(cancellation);
        return response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created && JsonNode.Parse(text) is { } answer
            ? answer
            : throw new InvalidOperationException($"{method} {path} was answered with {(int)response.StatusCode}: {text}");
    }
}
