using System.Net;
using Amazon.Runtime;
using Connector.Plugins.Reachability;

namespace Connector.Plugins.Aws;

/// <summary>The HTTP that all AWS clients share: one pool of connections in the process, but for endpoints of a plugin's own, and answers within their bounds.</summary>
internal sealed class AwsTransport : HttpClientFactory, IDisposable
{
    private static readonly SocketsHttpHandler Connections = Handler();

    private readonly SocketsHttpHandler? own;

    /// <param name="forbids">Null where all endpoints are AWS's, or chosen by whoever runs the connector.</param>
    public AwsTransport(AwsLimits limits, TimeProvider time, Func<IPAddress, string?>? forbids)
    {
        if (forbids is not null)
        {
            own = Handler();
            ConnectionWithinReach.Require(own, forbids);
        }

        Client = new HttpClient(new Bounds(own ?? Connections, limits, time), disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Never disposed: its connections belong to the process, or to this.</summary>
    public HttpClient Client { get; }

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => Client;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public void Dispose() => own?.Dispose();

    private static SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        MaxConnectionsPerServer = 16,
        MaxResponseHeadersLength = 64,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
        UseCookies = false,
    };

    private sealed class Bounds(HttpMessageHandler inner, AwsLimits limits, TimeProvider time) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var limit = new TimeLimit(limits.Attempt, time, cancellationToken);
            try
            {
                var answer = await base.SendAsync(request, limit.Token).ConfigureAwait(false);
                if (answer.Content.Headers.ContentLength > limits.Answer)
                {
                    answer.Dispose();
                    throw new OversizedAnswerException(limits.Answer);
                }

                answer.Content = new BoundedContent(answer.Content, limits.Answer);
                return answer;
            }
            catch (HttpRequestException failure) when (failure.InnerException is OutOfReachException outOfReach)
            {
                // In a form that no client tries again.
                throw new DiscoveryException(DiscoveryFailure.Configuration, $"Asking {request.RequestUri!.Authority}, which aws_endpoint_url names: {outOfReach.Message}", failure);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new HttpRequestException(
                    HttpRequestError.Unknown, "no answer came", new TimeoutException($"no answer within {limits.Attempt.TotalSeconds:0.#} s"));
            }
        }
    }

    private sealed class BoundedContent : HttpContent
    {
        private readonly HttpContent content;
        private readonly long most;

        public BoundedContent(HttpContent content, long most)
        {
            (this.content, this.most) = (content, most);
            foreach (var (name, values) in content.Headers.NonValidated)
            {
                Headers.TryAddWithoutValidation(name, values);
            }
        }

        protected override async Task<Stream> CreateContentReadStreamAsync()
            => new BoundedStream(await content.ReadAsStreamAsync().ConfigureAwait(false), most);

        protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
            => new BoundedStream(await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), most);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await using var bounded = await CreateContentReadStreamAsync(cancellationToken).ConfigureAwait(false);
            await bounded.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = content.Headers.ContentLength ?? 0;
            return content.Headers.ContentLength is not null;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                content.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
