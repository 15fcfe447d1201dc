using System.Net;
using System.Text.Json;
using Connector.Host.Errors;

namespace Connector.Host.Status;

/// <summary>Asks a replica on this machine how it is.</summary>
internal static class StatusReader
{
    // Of 10,000 sockets, three lamps each.
    private const int MaximumAnswer = 32 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Null when nothing answers there.</summary>
    /// <exception cref="ConnectorError">Something answers that is no replica.</exception>
    public static Task<ReplicaStatus?> ReadAsync(IPEndPoint health, CancellationToken cancellationToken) => ReadAsync(health, Patience, cancellationToken);

    /// <summary>As above, with another patience.</summary>
    public static async Task<ReplicaStatus?> ReadAsync(IPEndPoint health, TimeSpan patience, CancellationToken cancellationToken)
    {
        var address = health.Address.Equals(IPAddress.Any) ? IPAddress.Loopback : health.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : health.Address;
        var url = new Uri($"http://{new IPEndPoint(address, health.Port)}/status");
        // A proxy of the environment is not for an address on this machine.
        using var handler = new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(3) };
        using var http = new HttpClient(handler) { Timeout = patience, MaxResponseContentBufferSize = MaximumAnswer };
        try
        {
            using var response = await http.GetAsync(url, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            return JsonSerializer.Deserialize<ReplicaStatus>(text, ReplicaStatus.Json) is { ReplicaId: not null } status
                ? status
                : throw Stranger(url, $"it answered {(int)response.StatusCode}, without a replica_id");
        }
        catch (HttpRequestException failure) when (failure.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            return null;
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException)
        {
            throw Stranger(url, failure is JsonException ? "its answer is not JSON" : failure.Message.TrimEnd('.'), failure);
        }
        catch (TaskCanceledException failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw Stranger(url, $"it did not answer within {patience.TotalSeconds:0.#} s", failure);
        }
    }

    private static ConnectorError Stranger(Uri url, string why, Exception? inner = null) => new(
        $"Cannot read the status from {url}", $"what listens there is no replica, or is in trouble: {why}",
        "Name the replica's health address with --health", inner: inner);
}
