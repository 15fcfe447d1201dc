using System.Collections.Immutable;
using System.Net;
using System.Text.Json.Nodes;
using Connector.Host.Composition;
using Connector.Host.Configuration;
using Connector.Host.State;
using Connector.Protocol;
using Connector.Protocol.Tls;
using Connector.Protocol.Tokens;
using Connector.Server.Edge;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Host.Composition;

/// <summary>The server and replicas as the executable composes them, in this process: real store, control streams, edge and links over loopback.</summary>
internal sealed class JoinedParts : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("joined-").FullName;
    private readonly DataDirectory data;
    private readonly List<(RunningReplica Replica, StateDirectory State)> replicas = [];
    private RunningServer server = null!;

    private JoinedParts() => data = DataDirectory.Open(Path.Combine(folder, "server"), fresh: false);

    public Uri Https => server.HttpsUrl;

    public ControlPlaneApi Api { get; private set; } = null!;

    public string ConnectorId { get; private set; } = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="tunnelAddress">What replicas are told to dial for tunnels; null: the tunnel port itself.</param>
    public static async Task<JoinedParts> StartAsync(string? tunnelAddress = null)
    {
        var parts = new JoinedParts();
        var ports = FreePorts.TakeRange(8);
        parts.server = await ServerRole.StartAsync(
            new ServerRoleOptions(
                parts.data.Path, null, "127.0.0.1", LoopbackOnly: true, 0, 0, 0, new PortRange(ports, ports + 7), ["control", "edge", "portal"], [], null, null,
                parts.data.AdminToken, "error", tunnelAddress),
            Cancellation);
        var baseAddress = new Uri(parts.server.ApiUrl.AbsoluteUri.TrimEnd('/') + "/");
        using var first = new ControlPlaneApi(baseAddress, parts.data.AdminToken.Reveal(), "");
        parts.ConnectorId = (string)(await first.SendAsync(HttpMethod.Post, "connector", """{"name":"a"}""")).EnsureSuccess("Creating the connector").Json["connector_id"]!;
        parts.Api = new ControlPlaneApi(baseAddress, parts.data.AdminToken.Reveal(), parts.ConnectorId);
        return parts;
    }

    public async Task<(string Id, Secret Token)> CreateTokenAsync()
    {
        var body = new JsonObject { ["connector_id"] = ConnectorId, ["name"] = "t" };
        var made = (await Api.SendAsync(HttpMethod.Post, "connector/token", body.ToJsonString())).EnsureSuccess("Creating a token").Json;
        return ((string)made["id"]!, new Secret((string)made["token"]!));
    }

    /// <param name="through">Port of a forwarder to the HTTPS port, for the control stream alone.</param>
    public async Task<RunningReplica> StartReplicaAsync(Secret token, int? through = null)
    {
        var claims = ConnectorTokenReader.Read(token);
        var state = StateDirectory.Open(Path.Combine(folder, $"replica-{replicas.Count}"), TimeProvider.System);
        var settings = new ConnectorSettings(
            token, claims.ConnectorId, claims.OrganizationId, through is { } port ? new Uri($"https://localhost:{port}") : Https,
            new ServerTrust(claims.CaPins), state.Path, null, "warn", ReachRules.None, TimeSpan.FromSeconds(1), ImmutableDictionary<string, Secret>.Empty, []);
        var replica = await ReplicaRole.StartAsync(new ReplicaRoleOptions(settings, state, new IPEndPoint(IPAddress.Loopback, 0)), Cancellation);
        replicas.Add((replica, state));
        return replica;
    }

    public async Task<JsonNode> ConnectorAsync()
        => (await Api.SendAsync(HttpMethod.Get, $"connector/{ConnectorId}")).EnsureSuccess("Reading the connector").Json;

    public async Task<JsonNode> SocketAsync(ApiSocket socket)
        => (await Api.SendAsync(HttpMethod.Get, $"socket/{socket.Id}")).EnsureSuccess("Reading the socket").Json;

    public async Task DeleteAsync(string path) => (await Api.SendAsync(HttpMethod.Delete, path)).EnsureSuccess($"Deleting {path}");

    /// <summary>Waits until the replica serves so many sockets over a link.</summary>
    public Task ServesAsync(RunningReplica replica, int sockets) => Eventually.IsTrueAsync(
        async () => (await ConnectorAsync())["replicas"]!.AsArray().Any(answer
            => (string?)answer!["id"] == replica.ReplicaId.Value
                && answer["links"]!.AsArray().Any(link => (int)link!["lanes"]! > 0 && link["sockets"]!.AsArray().Count == sockets)),
        $"replica {replica.ReplicaId} serves {sockets} sockets",
        Cancellation);

    public Task SessionAsync(string state, string? leader) => Eventually.IsTrueAsync(
        async () => (await ConnectorAsync())["session"] is { } session && (string?)session["state"] == state && (string?)session["leader"] == leader,
        $"the control session is {state}, held by {leader ?? "nobody"}",
        Cancellation);

    public async ValueTask DisposeAsync()
    {
        foreach (var (replica, state) in replicas)
        {
            await replica.StopAsync(CancellationToken.None);
            state.Dispose();
        }

        Api.Dispose();
        await server.StopAsync(CancellationToken.None);
        data.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
