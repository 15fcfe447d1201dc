using System.Globalization;
using System.Text.Json.Nodes;

namespace Connector.Tests.Processes;

/// <summary>A running <c>connector start</c>. Several may share a folder one after the other: its state directory and its health port are the folder's.</summary>
internal sealed class ReplicaProcess : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private ReplicaProcess(ChildProcess process, Uri health)
    {
        Process = process;
        Health = health;
    }

    public ChildProcess Process { get; }

    public Uri Health { get; }

    /// <param name="more">Of connector.yaml.</param>
    /// <param name="token">Null: of the server's own connector.</param>
    public static async Task<ReplicaProcess> StartAsync(
        ServerProcess server, TemporaryFolder folder, int healthPort, CancellationToken cancellation, string drainTimeout = "15m", string more = "", string? token = null)
    {
        var config = folder.Write("connector.yaml", string.Create(CultureInfo.InvariantCulture,
            $"""
            state_dir: {folder.File("state")}
            health: 127.0.0.1:{healthPort}
            drain_timeout: {drainTimeout}
            {more}

            """));
        var process = ConnectorExecutable.Start(
            ["start", "--config", config, "--ready-file", folder.File("ready.json")], new Dictionary<string, string> { ["BORDER0_TOKEN"] = token ?? server.Token });
        try
        {
            // Of this process, not of a predecessor.
            await Eventually.IsTrueAsync(
                async () => (await ReadyFile.WaitAsync(folder.File("ready.json"), process, Deadline, cancellation)).Replicas[0].ProcessId == process.Id,
                "the ready file is of this process", cancellation);
            return new ReplicaProcess(process, new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{healthPort}/")));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public async Task<JsonNode> StatusAsync(CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = Health, Timeout = TimeSpan.FromSeconds(30) };
        return JsonNode.Parse(await client.GetStringAsync(new Uri("status", UriKind.Relative), cancellation))!;
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
