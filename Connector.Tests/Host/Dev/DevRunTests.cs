using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Connector.Host.Composition;
using Connector.Host.Configuration;
using Connector.Host.Dev;
using Connector.Host.Errors;
using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Server.Edge;
using Xunit;

namespace Connector.Tests.Host.Dev;

/// <summary>The whole of <c>dev</c> against an API of the agreed shape that lives in memory, with roles that only pretend.</summary>
[Trait("kind", Kinds.Contract)]
public sealed class DevRunTests : IDisposable
{
    private readonly HostFixture host = new();
    private readonly MemoryApi api = new();
    private readonly List<string> stopped = [];

    public void Dispose() => host.Dispose();

    [Fact]
    public async Task Dev_sets_up_prints_and_stops_the_replica_before_the_server()
    {
        var ready = await RunOnce([Parse("db=postgres://127.0.0.1:5432"), Parse("shell=ssh://127.0.0.1")]);

        Assert.Equal(["db", "shell"], ready.GetProperty("sockets").EnumerateArray().Select(socket => socket.GetProperty("name").GetString()));
        Assert.Contains("psql -h 127.0.0.1 -p 20000", host.Output);
        Assert.Contains("ssh -p 20001 127.0.0.1", host.Output);
        Assert.Contains("http://localhost:8080/", host.Output);
        Assert.Contains("admin-token", host.Output);
        Assert.DoesNotContain(ready.GetProperty("admin_token").GetString()!, host.Output);
        Assert.Equal(["replica", "server"], stopped);
        Assert.All(api.Sockets, socket => Assert.Equal("""["127.0.0.0/8","::1/128"]""", socket["edge"]!["allowed_ips"]!.ToJsonString()));
    }

    [Fact]
    public async Task Second_run_keeps_connector_and_token_and_updates_sockets()
    {
        var first = await RunOnce([Parse("db=postgres://127.0.0.1:5432")]);
        var second = await RunOnce([Parse("db=postgres://127.0.0.1:6543")]);

        Assert.Equal(first.GetProperty("connector_id").GetString(), second.GetProperty("connector_id").GetString());
        Assert.Equal(first.GetProperty("connector_token").GetString(), second.GetProperty("connector_token").GetString());
        Assert.Equal(first.GetProperty("sockets")[0].GetProperty("id").GetString(), second.GetProperty("sockets")[0].GetProperty("id").GetString());
        Assert.Contains("6543", Assert.Single(api.Sockets).ToJsonString());
        Assert.Equal(1, api.TokensMade);
    }

    [Fact]
    public async Task Revoked_token_is_replaced()
    {
        await RunOnce([Parse("db=tcp://127.0.0.1:5432")]);
        api.Tokens.Clear();

        await RunOnce([Parse("db=tcp://127.0.0.1:5432")]);

        Assert.Equal(2, api.TokensMade);
    }

    [Fact]
    public async Task Without_anything_to_expose_there_is_a_page()
    {
        var ready = await RunOnce([]);

        Assert.Equal("hello", ready.GetProperty("sockets")[0].GetProperty("name").GetString());
        Assert.Contains("curl http://127.0.0.1:20000/", host.Output);
        Assert.Contains("It works", api.PageSeen);
    }

    [Fact]
    public async Task Refusal_of_the_api_is_a_mistake_with_its_words_and_everything_is_stopped()
    {
        api.Refuse = "port 20000 is taken";

        var failure = await Assert.ThrowsAsync<ConnectorError>(() => RunOnce([Parse("db=tcp://127.0.0.1:5432")]));

        Assert.Contains("port 20000 is taken", failure.Message);
        Assert.Equal(["server"], stopped);
    }

    [Fact]
    public async Task Sockets_of_an_earlier_run_are_listed_as_such_with_their_own_client()
    {
        await RunOnce([Parse("old=https://127.0.0.1:8443"), Parse("db=mysql://127.0.0.1")]);

        var ready = await RunOnce([Parse("new=tcp://127.0.0.1:1")]);

        Assert.Equal(3, ready.GetProperty("sockets").GetArrayLength());
        var (ours, kept) = (host.Output.LastIndexOf("Reach your sockets", StringComparison.Ordinal), host.Output.LastIndexOf("Kept from earlier runs", StringComparison.Ordinal));
        Assert.InRange(host.Output.LastIndexOf("nc 127.0.0.1 20002", StringComparison.Ordinal), ours, kept);
        Assert.Contains("curl -k https://127.0.0.1:20000/", host.Output[kept..]);
        Assert.Contains("mysql -h 127.0.0.1 -P 20001", host.Output[kept..]);
        Assert.Contains("to 127.0.0.1:8443", host.Output[kept..]);
    }

    [Fact]
    public async Task Socket_that_nobody_serves_is_not_shown_as_reachable()
    {
        await RunOnce([Parse("old=tcp://127.0.0.1:8443")]);
        api.Sockets[0]["alive"] = false;
        api.Sockets[0]["status"] = new JsonObject { ["state"] = "failed", ["reason"] = "its configuration is damaged" };

        var ready = await RunOnce([Parse("new=tcp://127.0.0.1:1")]);

        Assert.Equal("new", Assert.Single(ready.GetProperty("sockets").EnumerateArray()).GetProperty("name").GetString());
        Assert.Contains("old  not reachable: its configuration is damaged", host.Output);
    }

    [Fact]
    public async Task Built_in_page_ends_with_its_run()
    {
        await RunOnce([]);

        var ready = await RunOnce([Parse("db=tcp://127.0.0.1:1")]);

        Assert.Equal("db", Assert.Single(ready.GetProperty("sockets").EnumerateArray()).GetProperty("name").GetString());
    }

    [Fact]
    public async Task Socket_that_only_has_the_page_s_name_is_kept()
    {
        await RunOnce([Parse("hello=tcp://127.0.0.1:1")]);

        var ready = await RunOnce([Parse("db=tcp://127.0.0.1:1")]);

        Assert.Equal(2, ready.GetProperty("sockets").GetArrayLength());
    }

    private static Exposure Parse(string text) => Exposure.Parse(text).Exposure!;

    private async Task<JsonElement> RunOnce(Exposure[] exposures)
    {
        var readyFile = Path.Combine(host.Home, "ready.json");
        using var stopping = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        var roles = new Roles(
            (options, _) =>
            {
                api.AdminToken = options.AdminToken.Reveal();
                Assert.True(options.LoopbackOnly);
                return Task.FromResult(new RunningServer(
                    new Uri("http://localhost:8080/"), new Uri("http://localhost:8080/api/v1"), new Uri("https://localhost:8443"), "127.0.0.1:8444",
                    new TaskCompletionSource().Task, _ => Stop("server")));
            },
            (options, _) => Task.FromResult(new RunningReplica(
                options.State.ReplicaId, new Uri("http://127.0.0.1:9480/"), new TaskCompletionSource<string>().Task,
                _ => Stop("replica"))));
        // Ports 0: nothing of this test listens there, and nothing may depend on what is free on this machine.
        var flags = new ServerFlags(DataDirectory: Path.Combine(host.Home, "dev"), HttpsPort: 0, HttpPort: 0, TunnelPort: 0, EdgePorts: new PortRange(20000, 20099));
        var options = new DevOptions(flags, [.. exposures], Fresh: false, readyFile, new IPEndPoint(IPAddress.Loopback, 0));
        stopped.Clear();
        var run = new DevRun(options, host.Environment, roles, (url, token) => new DevApi(url, token, api)).RunAsync(stopping.Token);
        while (!File.Exists(readyFile) && !run.IsCompleted)
        {
            await Task.Yield();
        }

        if (run.IsCompleted)
        {
            await run;
        }

        var ready = JsonElement.Parse(await File.ReadAllTextAsync(readyFile, TestContext.Current.CancellationToken));
        await stopping.CancelAsync();
        Assert.Equal(ExitCode.Ok, await run);
        return ready;
    }

    private Task Stop(string what)
    {
        stopped.Add(what);
        return Task.CompletedTask;
    }

    private sealed class MemoryApi : HttpMessageHandler
    {
        public List<JsonNode> Connectors { get; } = [];

        public List<JsonNode> Tokens { get; } = [];

        public List<JsonNode> Sockets { get; } = [];

        public int TokensMade { get; private set; }

        public string AdminToken { get; set; } = "";

        public string? Refuse { get; set; }

        public string PageSeen { get; private set; } = "";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.Equal($"Bearer {AdminToken}", request.Headers.Authorization!.ToString());
            var body = request.Content is null ? null : JsonNode.Parse(await request.Content.ReadAsStringAsync(cancellationToken));
            var path = request.RequestUri!.AbsolutePath["/api/v1/".Length..].Split('/');
            return (request.Method.Method, path) switch
            {
                ("GET", ["connectors"]) => Json(List(Connectors)),
                ("POST", ["connector"]) => Json(Add(Connectors, body!, "connector_id", HostFixture.ConnectorIdText)),
                ("GET", ["connector", _, "tokens"]) => Json(List(Tokens)),
                ("POST", ["connector", "token"]) => Json(MakeToken()),
                ("GET", ["sockets"]) => Json(List([.. Sockets.Select(Served)])),
                ("DELETE", ["socket", var name]) => Json(Remove(name)),
                ("POST", ["socket"]) when Refuse is not null => Json(
                    new JsonObject { ["status_code"] = 412, ["error_message"] = Refuse }, HttpStatusCode.PreconditionFailed),
                ("POST", ["socket"]) => Json(AddSocket(body!)),
                ("GET", ["socket", var id]) => Json(await AliveAsync(Sockets.Single(socket => (string?)socket["socket_id"] == id), cancellationToken)),
                ("PUT", ["socket", var name]) => Json(Update(name, body!)),
                var other => throw new InvalidOperationException($"the API has no {other.Method} {request.RequestUri}"),
            };
        }

        private static JsonObject List(List<JsonNode> items) => new() { ["list"] = new JsonArray([.. items.Select(item => item.DeepClone())]) };

        private static JsonNode Add(List<JsonNode> items, JsonNode body, string key, string id)
        {
            body[key] = id;
            items.Add(body);
            return body.DeepClone();
        }

        private static HttpResponseMessage Json(JsonNode body, HttpStatusCode code = HttpStatusCode.OK)
            => new(code) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };

        /// <summary>A socket is alive at once; the built-in page is looked at, as an edge's first user would.</summary>
        private async Task<JsonNode> AliveAsync(JsonNode socket, CancellationToken cancellationToken)
        {
            if ((string?)socket["description"] == BuiltInPage.Description && socket["upstream_configuration"]?["http_service_configuration"] is not null)
            {
                var port = (int)socket["upstream_configuration"]!["http_service_configuration"]!["standard_http_service_configuration"]!["port"]!;
                using var http = new HttpClient();
                PageSeen = await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/"), cancellationToken);
            }

            return Served(socket);
        }

        private static JsonNode Served(JsonNode socket)
        {
            var answer = socket.DeepClone();
            if (!answer.AsObject().ContainsKey("alive"))
            {
                answer["alive"] = true;
                answer["listener"] = new JsonObject { ["state"] = "listening" };
            }

            return answer;
        }

        private JsonObject Remove(string name)
        {
            Assert.Equal(1, Sockets.RemoveAll(socket => (string?)socket["name"] == name));
            return [];
        }

        private JsonNode MakeToken()
        {
            TokensMade++;
            var answer = Add(Tokens, new JsonObject(), "id", "token-1");
            answer["token"] = HostFixture.Token();
            return answer;
        }

        private JsonNode AddSocket(JsonNode body)
        {
            body["endpoint"] = $"127.0.0.1:{20000 + Sockets.Count}";
            return Add(Sockets, body, "socket_id", $"socket-{Sockets.Count}");
        }

        private JsonNode Update(string name, JsonNode body)
        {
            var existing = Sockets.Single(socket => (string?)socket["name"] == name);
            existing["upstream_configuration"] = body["upstream_configuration"]!.DeepClone();
            return existing.DeepClone();
        }
    }
}
