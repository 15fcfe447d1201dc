using System.Globalization;
using System.Text.Json.Nodes;
using Connector.Tests.Conventions;
using Connector.Tests.Services;

namespace Connector.Tests.Processes;

/// <summary>A control plane, edges and replicas, each a process of the real executable with ports and data of its own.</summary>
internal sealed class SplitServer : IAsyncDisposable
{
    private const int EdgePortCount = 20;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly TemporaryFolder folder = new("split");
    private readonly List<ChildProcess> children = [];
    private readonly int https = FreePorts.Take();
    private readonly int http = FreePorts.Take();
    private readonly int edgePorts = FreePorts.TakeRange(EdgePortCount);
    private int started;
    private string apiUrl = "";
    private string adminToken = "";

    private SplitServer()
    {
    }

    public ChildProcess Control { get; private set; } = null!;

    public ControlPlaneApi Api { get; private set; } = null!;

    public string ConnectorId { get; private set; } = "";

    public static async Task<SplitServer> StartAsync(CancellationToken cancellation)
    {
        Installed.RequireLinux();
        var split = new SplitServer();
        try
        {
            await split.StartControlAsync(cancellation);
            split.ConnectorId = await split.CreateConnectorAsync("office");
            split.ConnectApi();
            return split;
        }
        catch
        {
            await split.DisposeAsync();
            throw;
        }
    }

    /// <summary>Also again, with the data of the one before.</summary>
    public async Task StartControlAsync(CancellationToken cancellation)
    {
        var config = folder.Write("control.yaml", $"public_url: https://localhost:{Text(https)}\nroles: control\n");
        var (process, ready) = await LaunchAsync(
            [
                "server", "--config", config, "--data-dir", folder.File("control"), "--https-port", Text(https), "--http-port", Text(http),
                "--edge-ports", $"{Text(edgePorts)}-{Text(edgePorts + EdgePortCount - 1)}",
            ],
            [], cancellation);
        Control = process;
        (apiUrl, adminToken) = (ready.ApiUrl!, ready.AdminToken!);
        ConnectApi();
    }

    // Its sockets are of the connector that is known by then.
    private void ConnectApi()
    {
        Api?.Dispose();
        Api = new ControlPlaneApi(new Uri(apiUrl.TrimEnd('/') + "/"), adminToken, ConnectorId);
    }

    public async Task<string> CreateConnectorAsync(string name)
        => (string)(await Api.SendAsync(HttpMethod.Post, "connector", new JsonObject { ["name"] = name }.ToJsonString())).EnsureSuccess("Creating a connector").Json["connector_id"]!;

    public async Task<string> CreateConnectorTokenAsync(string? connector = null) => (string)(await Api.SendAsync(
        HttpMethod.Post, "connector/token", new JsonObject { ["connector_id"] = connector ?? ConnectorId, ["name"] = "t" }.ToJsonString())).EnsureSuccess("Creating a token").Json["token"]!;

    /// <returns>Its credential.</returns>
    public async Task<string> CreateEdgeAsync(string name)
        => (string)(await Api.SendAsync(HttpMethod.Post, "edge", new JsonObject { ["name"] = name }.ToJsonString())).EnsureSuccess("Creating an edge").Json["token"]!;

    /// <summary>An edge as the file in config starts it.</summary>
    /// <param name="data">Name of its data directory; the same one for an edge that comes back.</param>
    /// <param name="address">Loopback address of its own, where there are several.</param>
    public async Task<EdgeProcess> StartEdgeAsync(string credential, string data, CancellationToken cancellation, int? tunnelPort = null, string? address = null)
    {
        var tunnel = tunnelPort ?? FreePorts.Take();
        var config = Path.Combine(SourceTree.Root, "config", "edge.yaml");
        if (address is not null)
        {
            config = folder.Write($"{data}.yaml", await System.IO.File.ReadAllTextAsync(config, cancellation) + $"\nbind_address: {address}\n");
        }

        var (process, ready) = await LaunchAsync(
            [
                "server", "--config", config, "--data-dir", folder.File(data), "--tunnel-address", $"{address ?? "127.0.0.1"}:{Text(tunnel)}", "--tunnel-port", Text(tunnel),
                "--health", "127.0.0.1:0",
            ],
            new() { ["BORDER0_EDGE_TOKEN"] = credential }, cancellation);
        return new EdgeProcess(process, new Uri(ready.HealthUrl!), tunnel);
    }

    public async Task<ChildProcess> StartReplicaAsync(string token, string state, CancellationToken cancellation)
        => (await LaunchAsync(["start", "--state-dir", folder.File(state), "--health", "127.0.0.1:0"], new() { ["BORDER0_TOKEN"] = token }, cancellation)).Process;

    public async Task<JsonNode> GetAsync(string path) => (await Api.SendAsync(HttpMethod.Get, path)).EnsureSuccess($"Reading {path}").Json;

    /// <summary>Everything that was started says what it wrote, for a failed assertion.</summary>
    public string Output => string.Join("\n----\n", children.Select(child => child.Output));

    public string File(string name) => folder.File(name);

    public async ValueTask DisposeAsync()
    {
        Api?.Dispose();
        foreach (var child in Enumerable.Reverse(children))
        {
            await child.DisposeAsync();
        }

        folder.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task<(ChildProcess Process, ReadyFile Ready)> LaunchAsync(
        IEnumerable<string> arguments, Dictionary<string, string> environment, CancellationToken cancellation)
    {
        var ready = folder.File($"ready-{Text(++started)}.json");
        var process = ConnectorExecutable.Start([.. arguments, "--ready-file", ready], environment);
        children.Add(process);
        return (process, await ReadyFile.WaitAsync(ready, process, Deadline, cancellation));
    }
}
