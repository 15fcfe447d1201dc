using System.Globalization;
using Docker.DotNet;
using Docker.DotNet.Models;
using Version = System.Version;

namespace Connector.Plugins.Docker;

/// <summary>An engine whose API version was agreed on; lives for one scan or one watch, so that nothing is remembered of an engine that was exchanged.</summary>
internal sealed class EngineConnection : IDisposable
{
    /// <summary>Of one call.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);

    /// <summary>The newest version that this was written against.</summary>
    private static readonly Version Newest = new(1, 52);

    private readonly DockerClient client;
    private readonly EngineAddress engine;
    private readonly TimeProvider time;

    private EngineConnection(DockerClient client, EngineAddress engine, TimeProvider time, DateTimeOffset? clock)
    {
        (this.client, this.engine, this.time) = (client, engine, time);
        Clock = clock;
    }

    /// <summary>What the engine's clock said when the connection was made, in whole seconds.</summary>
    public DateTimeOffset? Clock { get; }

    /// <exception cref="DiscoveryException">It cannot be reached, or does not let us in.</exception>
    public static async Task<EngineConnection> OpenAsync(
        EngineAddress engine, Func<System.Net.IPAddress, string?> forbids, TimeProvider time, CancellationToken cancellationToken)
    {
        var handler = EngineTransport.Handler(engine, forbids);
        try
        {
            const string doing = "Asking for the API version";
            var (version, clock) = await CallAsync(doing, engine, time, token => PingAsync(handler, engine, token), cancellationToken).ConfigureAwait(false);
            var client = new DockerClientBuilder(new DockerConfig(new ExplicitSettings(engine.Url)))
                .WithApiVersion(version)
                .WithTimeout(Timeout.InfiniteTimeSpan)
                .WithTransportOptions(new EngineTransport(handler), engine)
                .Build();
            return new EngineConnection(client, engine, time, clock);
        }
        catch
        {
            handler.Dispose();
            throw;
        }
    }

    /// <exception cref="DiscoveryException">It did not answer as an engine does.</exception>
    public Task<IList<ContainerListResponse>> RunningContainersAsync(CancellationToken cancellationToken) => CallAsync(
        "Listing the containers", engine, time, token => client.Containers.ListContainersAsync(new ContainersListParameters(), token), cancellationToken);

    /// <summary>Tells events about containers until the engine ends that.</summary>
    /// <param name="since">Unix seconds of the engine's clock; null: from now on.</param>
    /// <exception cref="DiscoveryException">It does not tell, or no longer.</exception>
    public async Task TellEventsAsync(IEnumerable<string> actions, long? since, IProgress<Message> events, CancellationToken cancellationToken)
    {
        var parameters = new ContainerEventsParameters
        {
            Since = since?.ToString(CultureInfo.InvariantCulture),
            Filters = new Dictionary<string, IDictionary<string, bool>>
            {
                ["type"] = new Dictionary<string, bool> { ["container"] = true },
                ["event"] = actions.ToDictionary(static action => action, static _ => true),
            },
        };
        try
        {
            await client.System.MonitorEventsAsync(parameters, events, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested && EngineFailures.IsExpected(failure))
        {
            throw EngineFailures.Of(failure, "Watching the containers", engine);
        }
    }

    public void Dispose() => client.Dispose();

    private static async Task<(Version?, DateTimeOffset?)> PingAsync(HttpMessageHandler handler, EngineAddress engine, CancellationToken cancellationToken)
    {
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(engine.Url, "_ping"));
        using var response = await invoker.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode && response.StatusCode != System.Net.HttpStatusCode.NotFound)
        {
            throw new DockerApiException(response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
        }

        // An engine that does not name its version is asked in the version that it takes for granted.
        var named = response.Headers.TryGetValues("Api-Version", out var values) && Version.TryParse(values.First(), out var version) ? version : null;
        return (named > Newest ? Newest : named, response.Headers.Date);
    }

    private static async Task<T> CallAsync<T>(
        string doing, EngineAddress engine, TimeProvider time, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var limit = new TimeLimit(Limit, time, cancellationToken);
        try
        {
            return await call(limit.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (limit.IsExceeded && (failure is OperationCanceledException || EngineFailures.IsExpected(failure)))
        {
            throw EngineFailures.Slow(doing, engine, Limit);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested && EngineFailures.IsExpected(failure))
        {
            throw EngineFailures.Of(failure, doing, engine);
        }
    }

    /// <summary>Keeps the client from reading the environment and the contexts of whoever runs the connector: that was done already.</summary>
    private sealed class ExplicitSettings(Uri url) : IDockerCliSettings
    {
        public string? DockerConfig => null;

        public string? DockerHost => url.AbsoluteUri;

        public string? DockerTlsVerify => null;

        public string? DockerContext => null;
    }
}
