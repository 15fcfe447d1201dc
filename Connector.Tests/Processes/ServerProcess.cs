using System.Globalization;
using System.Text.Json.Nodes;
using Connector.Tests.Services;

namespace Connector.Tests.Processes;

/// <summary>A running <c>connector server</c>, control plane and edge, with a connector and a token for replicas that the test starts itself.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int EdgePortCount = 20;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

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
            var made = (await first.SendAsync(HttpMethod.Post, "connector", """{"name": "group"}""")).EnsureSuccess("Creating the connector").Json;
            var connectorId = (string)made["connector_id"]!;
            var token = (await first.SendAsync(HttpMethod.Post, "connector/token", new JsonObject { ["connector_id"] = connectorId, ["name"] = "test" }.ToJsonString()))
                .EnsureSuccess("Creating the token").Json;
            return new ServerProcess(folder, process, new ControlPlaneApi(api, ready.AdminToken!, connectorId), connectorId, (string)token["token"]!);
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

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        await process.DisposeAsync();
        folder.Dispose();
    }
}
