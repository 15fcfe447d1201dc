using System.Runtime.CompilerServices;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Connector.Plugins.Kubernetes;

/// <summary>Lists and watches the services of one namespace, or of all of them.</summary>
internal sealed class ClusterClient(k8s.Kubernetes client, bool isVerified, string? tlsServerName) : IDisposable
{
    private const int PageLength = 500;
    private const int WatchSeconds = 300;

    // The server ends a long answer by itself.
    private const int ServerSeconds = 5;

    public string Url => client.BaseUri.GetLeftPart(UriPartial.Authority);

    /// <summary>False when the kubeconfig says that the server's certificate is not to be looked at.</summary>
    public bool IsVerified => isVerified;

    public static bool IsWatch(HttpRequestMessage request) => request.RequestUri!.Query.Contains("watch=true", StringComparison.Ordinal);

    /// <param name="from">Where the last page ended.</param>
    public Task<V1ServiceList> PageAsync(string? inNamespace, string? from, CancellationToken cancellationToken) => inNamespace is null
        ? client.CoreV1.ListServiceForAllNamespacesAsync(
            continueParameter: from, limit: PageLength, timeoutSeconds: ServerSeconds, cancellationToken: cancellationToken)
        : client.CoreV1.ListNamespacedServiceAsync(
            inNamespace, continueParameter: from, limit: PageLength, timeoutSeconds: ServerSeconds, cancellationToken: cancellationToken);

    /// <summary>
    /// What happens to services until the server ends that, which it does after minutes. Not by the library's watch: that one reads all of each service.
    /// </summary>
    /// <param name="after">The version of the list, or of the last event, that is known already.</param>
    /// <exception cref="HttpOperationException">The server refuses.</exception>
    public async IAsyncEnumerable<WatchedChange> WatchAsync(string? inNamespace, string? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = inNamespace is null ? "api/v1/services" : $"api/v1/namespaces/{Uri.EscapeDataString(inNamespace)}/services";
        var version = after is null ? "" : $"&resourceVersion={Uri.EscapeDataString(after)}";
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(client.BaseUri, $"{path}?watch=true&allowWatchBookmarks=true&timeoutSeconds={WatchSeconds}{version}"));
        if (tlsServerName is { Length: > 0 } name)
        {
            request.Headers.Host = name;
        }

        if (client.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, cancellationToken).ConfigureAwait(false);
        }

        using var response = await client.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            var said = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            throw new HttpOperationException { Response = new HttpResponseMessageWrapper(response, said) };
        }

        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        while (await lines.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            if (line.Length > 0)
            {
                yield return WatchedChange.Parse(line);
            }
        }
    }

    public void Dispose() => client.Dispose();
}
