using System.Text.Json;
using System.Text.Json.Serialization;

namespace Connector.Tests.Processes;

/// <summary>What <c>--ready-file</c> tells scripts once everything accepts connections.</summary>
internal sealed record ReadyFile
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    [JsonPropertyName("pid")]
    public int ProcessId { get; init; }

    [JsonPropertyName("portal_url")]
    public string? PortalUrl { get; init; }

    [JsonPropertyName("api_url")]
    public string? ApiUrl { get; init; }

    [JsonPropertyName("tunnel")]
    public string? Tunnel { get; init; }

    [JsonPropertyName("admin_token")]
    public string? AdminToken { get; init; }

    [JsonPropertyName("connector_id")]
    public string? ConnectorId { get; init; }

    [JsonPropertyName("connector_token")]
    public string? ConnectorToken { get; init; }

    [JsonPropertyName("edge_id")]
    public string? EdgeId { get; init; }

    [JsonPropertyName("health_url")]
    public string? HealthUrl { get; init; }

    [JsonPropertyName("sockets")]
    public IReadOnlyList<ReadySocket> Sockets { get; init; } = [];

    [JsonPropertyName("replicas")]
    public IReadOnlyList<ReadyReplica> Replicas { get; init; } = [];

    /// <summary>Waits for the file; gives up at the deadline or when the process ends, with what it wrote.</summary>
    public static async Task<ReadyFile> WaitAsync(string path, ChildProcess process, TimeSpan deadline, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(deadline);
        while (true)
        {
            try
            {
                return Read(path);
            }
            catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
            {
                // Not yet; or a predecessor's, which removes it before it lets the successor in.
            }

            if (process.HasExited)
            {
                throw new InvalidOperationException(
                    $"The connector ended with {await process.WaitForExitAsync(TimeSpan.FromSeconds(10))} before it was ready. It wrote:\n{process.Output}");
            }

            try
            {
                await Task.Delay(Poll, timeout.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new TimeoutException($"The connector was not ready ('{path}') within {deadline.TotalSeconds:0} s. It wrote:\n{process.Output}");
            }
        }
    }

    public static ReadyFile Read(string path)
        => JsonSerializer.Deserialize<ReadyFile>(File.ReadAllText(path)) ?? throw new InvalidDataException($"The ready file '{path}' says null.");
}
