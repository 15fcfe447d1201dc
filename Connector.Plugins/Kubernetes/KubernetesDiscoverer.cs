using System.Net;
using System.Runtime.CompilerServices;
using Connector.Plugins.Watching;
using Connector.Protocol.Discovery;

namespace Connector.Plugins.Kubernetes;

/// <summary>The services of one namespace, or of all.</summary>
/// <param name="inNamespace">Null: all.</param>
internal sealed class KubernetesDiscoverer(ClusterAccess access, string? inNamespace, ResourceFilter filter, TimeProvider time) : IWatchingDiscoverer
{
    // The server ends a watch after five minutes; one that it does not end is dead.
    private static readonly TimeSpan WatchLimit = TimeSpan.FromMinutes(6);

    // Of the last list, or of the last event after it: a watch from there misses nothing.
    private volatile string? seenVersion;

    public string DiscoveryId => inNamespace is null ? "kubernetes ( all namespaces )" : $"kubernetes ( namespace = {inNamespace} )";

    public async Task<Discovery> DiscoverAsync(IProgress<DiscoveryProgress>? progress, CancellationToken cancellationToken)
    {
        progress?.Report(new DiscoveryProgress("services", 0, null, 0));
        using var client = await access.OpenAsync(cancellationToken).ConfigureAwait(false);
        var resources = new Dictionary<string, DiscoveredResource>(StringComparer.Ordinal);
        var (read, found, unusable) = (0L, 0, 0);
        var (isWhole, version) = await new ServiceListing(client, inNamespace, time).ReadAsync(
            (isFirst, page) =>
            {
                if (isFirst)
                {
                    resources.Clear();
                    unusable = 0;
                }

                foreach (var service in page.Items)
                {
                    if (service is null || !TryAdd(ServiceResource.Details(service), resources))
                    {
                        unusable++;
                    }
                }

                read += page.Items.Count;
                found = Math.Max(found, resources.Count);
                progress?.Report(new DiscoveryProgress("services", read, null, found));
            },
            cancellationToken).ConfigureAwait(false);
        seenVersion = version;
        progress?.Report(new DiscoveryProgress("services", read, read, resources.Count));
        return new Discovery(
            [.. resources.Values],
            [
                .. unusable == 0 ? [] : (string[])[$"{unusable} services are not listed: they have no UID, or that of another one"],
                .. client.IsVerified ? [] : (string[])["The kubeconfig says insecure-skip-tls-verify: whoever stands between the connector and the cluster can read its token"],
            ],
            isWhole ? [] : [$"There are more than {ServiceListing.MostServices} services; the rest was not read. Name namespaces in the plugin's configuration"]);
    }

    public async IAsyncEnumerable<SourceChanged> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var client = await access.OpenAsync(cancellationToken).ConfigureAwait(false);
        var changes = new ChangeSignal(time);
        var listening = ListenAsync(client, changes, stopping.Token);
        try
        {
            await foreach (var change in changes.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return change;
            }
        }
        finally
        {
            await stopping.CancelAsync().ConfigureAwait(false);
            await listening.ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    // What does not pass the filter is no fault.
    private bool TryAdd(KubernetesServiceDetails details, Dictionary<string, DiscoveredResource> resources)
    {
        if (!filter.Passes(details.Labels))
        {
            return true;
        }

        var resource = new DiscoveredResource(ResourceTypes.KubernetesService, details);
        return resource.Identity is { } identity && resources.TryAdd(identity, resource);
    }

    private async Task ListenAsync(ClusterClient client, ChangeSignal changes, CancellationToken cancellationToken)
    {
        try
        {
            await TellAsync(client, changes, cancellationToken).ConfigureAwait(false);
            changes.End(null);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested && ClusterFailures.Status(failure) == HttpStatusCode.Gone)
        {
            Forget(changes);
            changes.End(null);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested && ClusterFailures.IsExpected(failure))
        {
            changes.End(ClusterFailures.Of(failure, "watch", inNamespace, client.Url));
        }
        catch (Exception failure)
        {
            changes.End(failure);
        }
    }

    // Ends with the server's watch, so that the next one reads its credentials anew.
    private async Task TellAsync(ClusterClient client, ChangeSignal changes, CancellationToken cancellationToken)
    {
        using var limit = new TimeLimit(WatchLimit, time, cancellationToken);
        try
        {
            await foreach (var change in client.WatchAsync(inNamespace, seenVersion, limit.Token).ConfigureAwait(false))
            {
                if (change.Kind == "ERROR")
                {
                    Forget(changes);
                    return;
                }

                if (change.Kind != "BOOKMARK")
                {
                    changes.Tell($"service {ResourceBounds.Text(change.Name)}: {ResourceBounds.Text(change.Kind)}");
                }

                seenVersion = change.Version ?? seenVersion;
            }
        }
        catch (Exception) when (limit.IsExceeded)
        {
        }
    }

    // What the server no longer knows of the time since then has to be looked for.
    private void Forget(ChangeSignal changes)
    {
        seenVersion = null;
        changes.Tell("the history since the last watch has expired");
    }
}
