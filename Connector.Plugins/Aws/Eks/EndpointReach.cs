using System.Net;
using System.Net.Security;
using Connector.Plugins.Reachability;
using Connector.Protocol.Tls;

namespace Connector.Plugins.Aws.Eks;

/// <summary>Whether a cluster's API answers HTTP from here, whatever it says.</summary>
internal static class EndpointReach
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static async Task<bool> AnswersAsync(string endpoint, Func<IPAddress, string?> forbids, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttps && url.Scheme != Uri.UriSchemeHttp))
        {
            return false;
        }

        using var limit = new TimeLimit(Patience, time, cancellationToken);
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            MaxResponseHeadersLength = 64,
            // The cluster's authority is its own, and nothing is said to it that could be overheard.
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = static (_, presented, _, _) => presented is not null,
                CertificateChainPolicy = OfflineChain.Policy(),
            },
        };
        ConnectionWithinReach.Require(handler, forbids);
        using var http = new HttpClient(handler);
        try
        {
            using var answer = await http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
