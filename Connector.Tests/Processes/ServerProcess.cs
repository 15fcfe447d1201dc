using System.Globalization;
using System.Text.Json.Nodes;
using Connector.Tests.Services;

namespace Connector.Tests.Processes;

/// <summary>A running <c>connector server</c>, control plane and edge, with a connector and a token for replicas that the test starts itself.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int EdgePortCount = 20;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly TemporaryFolder folder;
    private readonly ChildProcess process;

    private ServerProcess(TemporaryFolder folder, ChildProcess process, ControlPlaneApi api, string connectorId, string token)
    {
        this.folder = folder;
        this.process = process;
        Api = api;
        ConnectorId = connectorId;
        Token = token;
    }

    public ControlPlaneApi Api { get; }

    public string ConnectorId { get; }

    public string Token { get; }

    public static async Task<ServerProcess> StartAsync(CancellationToken cancellation)
    {
        Installed.RequireLinux();
        var folder = new TemporaryFolder("server");
        ChildProcess? process = null;
        try
        {
            var (https, http, tunnel, edge) = (FreePorts.Take(), FreePorts.Take(), FreePorts.Take(), FreePorts.TakeRange(EdgePortCount));
            var config = folder.Write("server.yaml", string.Create(CultureInfo.InvariantCulture,
                $"""
                public_url: https://localhost:{https}
                data_dir: {folder.File("data")}
                https_port: {https}
                http_port: {http}
                tunnel_port: {tunnel}
                edge_ports: {edge}-{edge + EdgePortCount - 1}

                """));
            process = ConnectorExecutable.Start(["server", "--config", config, "--ready-file", folder.File("ready.json")]);
            var ready = await ReadyFile.WaitAsync(folder.File("ready.json"), process, Deadline, cancellation);
            var api = new Uri($"http://localhost:{http.ToString(CultureInfo.InvariantCulture)}/api/v1/");
            using var first = new ControlPlaneApi(api, ready.AdminToken!, "");
            var (connectorId, token) = await CreateConnectorAsync(first, "group");
            return new ServerProcess(folder, process, new ControlPlaneApi(api, ready.AdminToken!, connectorId), connectorId, token);
        }
        catch
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }

            folder.Dispose();
            throw;
        }
    }

    /// <summary>Another connector, with a token.</summary>
    public Task<(string Id, string Token)> CreateConnectorAsync(string name) => CreateConnectorAsync(Api, name);

    private static async Task<(string Id, string Token)> CreateConnectorAsync(ControlPlaneApi api, string name)
    {
        var made = (await api.SendAsync(HttpMethod.Post, "connector", new JsonObject { ["name"] = name }.ToJsonString())).EnsureSuccess("Creating the connector").Json;
        var id = (string)made["connector_id"]!;
        var token = (await api.SendAsync(HttpMethod.Post, "connector/token", new JsonObject { ["connector_id"] = id, ["name"] = "test" }.ToJsonString()))
            .EnsureSuccess("Creating the token").Json;
        return (id, (string)token["token"]!);
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await process.DisposeAsync();
        folder.Dispose();
    }
}
