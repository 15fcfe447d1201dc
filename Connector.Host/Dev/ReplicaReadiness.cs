using System.Collections.Immutable;
using System.Net;
using Connector.Host.Running;

namespace Connector.Host.Dev;

/// <summary>Asks replicas on this machine whether they serve.</summary>
internal static class ReplicaReadiness
{
    private const int MaximumAnswer = 64 * 1024;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until each is ready, as long as that may take.</summary>
    /// <returns>What those that are not ready say, one line each.</returns>
    public static async Task<ImmutableArray<string>> WaitAsync(Func<ImmutableArray<ReadyReplica>> replicas, TimeSpan patience, CancellationToken cancellationToken)
    {
        // A proxy of the environment is not for an address on this machine.
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var http = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = MaximumAnswer };
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var notes = new List<string>();
            foreach (var replica in replicas())
            {
                if (replica.HealthUrl is { } url && await WhyNotAsync(http, new Uri(new Uri(url), "readyz"), cancellationToken).ConfigureAwait(false) is { } reason)
                {
                    notes.Add($"replica {replica.Id} (process {replica.Pid}): {reason}");
                }
            }

            if (notes.Count == 0 || TimeProvider.System.GetElapsedTime(began) > patience)
            {
                return [.. notes];
            }

            await Task.Delay(Poll, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Null when it is ready.</summary>
    private static async Task<string?> WhyNotAsync(HttpClient http, Uri url, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync(url, cancellationToken).ConfigureAwait(false);
            return answer.StatusCode == HttpStatusCode.OK ? null : (await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false)).Trim();
        }
        catch (Exception failure) when (failure is HttpRequestException || (failure is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return $"its health endpoint {url} does not answer";
        }
    }
}
