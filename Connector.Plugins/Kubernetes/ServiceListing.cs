using System.Net;
using k8s.Models;

namespace Connector.Plugins.Kubernetes;

/// <summary>Reads all pages of one list.</summary>
internal sealed class ServiceListing(ClusterClient client, string? inNamespace, TimeProvider time)
{
    /// <summary>Of one scan.</summary>
    public const int MostServices = 50_000;

    private const int Attempts = 4;
    private const int Restarts = 3;

    private static readonly TimeSpan PageLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    /// <returns>False when there were more than may be read.</returns>
    /// <param name="take">Called for each page; a list that is begun anew says so by the first argument.</param>
    /// <exception cref="DiscoveryException">It could not be read.</exception>
    public async Task<(bool IsWhole, string? Version)> ReadAsync(Action<bool, V1ServiceList> take, CancellationToken cancellationToken)
    {
        for (var restart = 0; ; restart++)
        {
            try
            {
                return await ReadOnceAsync(take, cancellationToken).ConfigureAwait(false);
            }
            catch (DiscoveryException failure) when (restart < Restarts && ClusterFailures.Status(failure.InnerException!) == HttpStatusCode.Gone)
            {
                // What the pages were cut from is no longer kept by the server: an older page would not fit a newer one.
            }
        }
    }

    private async Task<(bool, string?)> ReadOnceAsync(Action<bool, V1ServiceList> take, CancellationToken cancellationToken)
    {
        string? from = null;
        var count = 0;
        do
        {
            var page = await PageAsync(from, cancellationToken).ConfigureAwait(false);
            if (page?.Metadata is null || page.Items is null)
            {
                throw ClusterFailures.Malformed(inNamespace, client.Url, "the answer is not a list of services");
            }

            take(from is null, page);
            count += page.Items.Count;
            var next = page.Metadata.ContinueProperty;
            if (string.IsNullOrEmpty(next))
            {
                return (true, page.Metadata.ResourceVersion);
            }

            if (next == from || page.Items.Count == 0)
            {
                throw ClusterFailures.Malformed(inNamespace, client.Url, "its pages lead nowhere");
            }

            from = next;
        }
        while (count < MostServices);

        return (false, null);
    }

    private async Task<V1ServiceList> PageAsync(string? from, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var limit = new TimeLimit(PageLimit, time, cancellationToken);
            try
            {
                return await client.PageAsync(inNamespace, from, limit.Token).ConfigureAwait(false);
            }
            catch (Exception failure) when (limit.IsExceeded && (failure is OperationCanceledException || ClusterFailures.IsExpected(failure)))
            {
                throw ClusterFailures.Slow("list", inNamespace, client.Url, PageLimit);
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested && ClusterFailures.IsExpected(failure))
            {
                if (attempt == Attempts || ClusterFailures.Status(failure) is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable))
                {
                    throw ClusterFailures.Of(failure, "list", inNamespace, client.Url);
                }
            }

            await Task.Delay(FirstPause * (1 << (attempt - 1)), time, cancellationToken).ConfigureAwait(false);
        }
    }
}
