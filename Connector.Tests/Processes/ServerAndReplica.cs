using System.Globalization;
using System.Text.Json;
using Connector.Host.Status;
using Connector.Tests.Services;
using Microsoft.Data.Sqlite;

namespace Connector.Tests.Processes;

/// <summary>A server and a replica as two processes, each of which can be killed and started again with the ports and folders it had.</summary>
internal sealed class ServerAndReplica : IAsyncDisposable
{
    private const int EdgePortCount = 20;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly TemporaryFolder folder = new("restart");
    private readonly int https = FreePorts.Take();
    private readonly int http = FreePorts.Take();
    private readonly int tunnel = FreePorts.Take();
    private readonly int edge = FreePorts.TakeRange(EdgePortCount);
    private readonly HttpClient health = new() { Timeout = TimeSpan.FromSeconds(60) };
    private readonly string stateFolder;
    private ChildProcess? server;
    private ChildProcess? replica;
    private ControlPlaneApi? api;
    private string? token;
    private Uri? healthUrl;

    private ServerAndReplica(string? stateFolder) => this.stateFolder = stateFolder ?? folder.File("replica");

    public ControlPlaneApi Api => api ?? throw new InvalidOperationException("The server was not started.");

    public ChildProcess Replica => replica ?? throw new InvalidOperationException("The replica was not started.");

    public string StateFile => Path.Combine(stateFolder, "state.db");

    /// <param name="stateFolder">Elsewhere than in a fresh temporary folder.</param>
    public static async Task<ServerAndReplica> StartAsync(CancellationToken cancellation, string? stateFolder = null)
    {
        Installed.RequireLinux();
        var both = new ServerAndReplica(stateFolder);
        try
        {
            await both.StartServerAsync(cancellation);
            await both.StartReplicaAsync(cancellation);
            return both;
        }
        catch
        {
            await both.DisposeAsync();
            throw;
        }
    }

    public async Task StartServerAsync(CancellationToken cancellation)
    {
        var readyFile = folder.File($"server-{Guid.NewGuid():N}.json");
        server = ConnectorExecutable.Start(
        [
            "server",
            "--config", folder.Write("server.yaml", $"public_url: https://localhost:{Text(https)}\n"),
            "--data-dir", folder.File("data"),
            "--https-port", Text(https),
            "--http-port", Text(http),
            "--tunnel-port", Text(tunnel),
            "--edge-ports", $"{Text(edge)}-{Text(edge + EdgePortCount - 1)}",
            "--ready-file", readyFile,
        ]);
        var ready = await ReadyFile.WaitAsync(readyFile, server, Deadline, cancellation);
        if (api is not null)
            return;

        var address = new Uri(ready.ApiUrl!.TrimEnd('/') + "/");
        using var first = new ControlPlaneApi(address, ready.AdminToken!, "");
        var made = (await first.SendAsync(HttpMethod.Post, "connector", """{"name":"restarted"}""")).EnsureSuccess("Creating the connector");
        var connector = (string)made.Json["connector_id"]!;
        var issued = (await first.SendAsync(HttpMethod.Post, "connector/token", $$"""{"connector_id":"{{connector}}","name":"t"}""")).EnsureSuccess("Creating the token");
        token = (string)issued.Json["token"]!;
        api = new ControlPlaneApi(address, ready.AdminToken!, connector);
    }

    public async Task StartReplicaAsync(CancellationToken cancellation)
    {
        var readyFile = folder.File($"replica-{Guid.NewGuid():N}.json");
        replica = ConnectorExecutable.Start(
            ["start", "--state-dir", stateFolder, "--health", "127.0.0.1:0", "--ready-file", readyFile],
            new Dictionary<string, string> { ["BORDER0_TOKEN"] = token! });
        var ready = await ReadyFile.WaitAsync(readyFile, replica, Deadline, cancellation);
        healthUrl = new Uri(ready.Replicas.Single().HealthUrl!);
    }

    public async Task KillServerAsync()
    {
        await KillAsync(server!);
        server = null;
    }

    public async Task KillReplicaAsync()
    {
        await KillAsync(replica!);
        replica = null;
    }

    public async Task<ReplicaStatus> StatusAsync(CancellationToken cancellation)
        => JsonSerializer.Deserialize<ReplicaStatus>(await health.GetStringAsync(new Uri(healthUrl!, "status"), cancellation), ReplicaStatus.Json)!;

    /// <summary>Whether some entry or snapshot of the replica's file holds the text.</summary>
    public bool IsOnDisk(string text)
    {
        using var connection = new SqliteConnection($"Data Source={StateFile};Mode=ReadWrite;Pooling=False;Default Timeout=30");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT EXISTS (SELECT 1 FROM journal WHERE deleted = 0 AND instr(message, CAST($text AS BLOB)) > 0)
                OR EXISTS (SELECT 1 FROM snapshot WHERE instr(snapshot, CAST($text AS BLOB)) > 0)
            """;
        command.Parameters.AddWithValue("$text", text);
        return (long)command.ExecuteScalar()! == 1;
    }

    public async ValueTask DisposeAsync()
    {
        if (replica is not null)
            await replica.DisposeAsync();
        if (server is not null)
            await server.DisposeAsync();
        api?.Dispose();
        health.Dispose();
        folder.Dispose();
    }

    private static async Task KillAsync(ChildProcess process)
    {
        process.Signal(UnixSignal.Kill);
        await process.WaitForExitAsync(Deadline);
        await process.DisposeAsync();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
