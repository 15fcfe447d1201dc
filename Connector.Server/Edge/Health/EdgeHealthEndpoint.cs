using System.Net;
using Connector.Server.Api;
using Connector.Server.Feed.Following;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Edge.Health;

/// <summary>
/// <c>/livez</c>, <c>/readyz</c>, <c>/startupz</c> (200 or 503, one line), <c>/status</c> (JSON) and <c>/metrics</c> of an edge in a process of its own, over plain
/// HTTP. Shows no secret and takes no input.
/// </summary>
public sealed class EdgeHealthEndpoint : IHostedService, IAsyncDisposable
{
    private const int MostConnections = 64;

    private readonly IPEndPoint address;
    private readonly Func<EdgeFacts> facts;
    private readonly Func<FeedCondition> feed;
    private WebApplication? app;

    internal EdgeHealthEndpoint(IPEndPoint address, Func<EdgeFacts> facts, Func<FeedCondition> feed)
        => (this.address, this.facts, this.feed) = (address, facts, feed);

    /// <summary>Where it listens; the real port when 0 was asked for. Null before the start.</summary>
    public Uri? Url { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        MetricsEndpoint.Add(builder.Services, "connector-edge");
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxRequestHeadersTotalSize = 8 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
            kestrel.Listen(address);
        });
        app = builder.Build();
        MetricsEndpoint.Map(app);
        app.MapGet("/livez", () => Results.Text("alive\n"));
        app.MapGet("/startupz", () => Results.Text("started\n"));
        app.MapGet("/readyz", () => EdgeReadiness.Ready(feed()) is var (good, text) && good
            ? Results.Text(text + "\n")
            : Results.Text(text + "\n", statusCode: StatusCodes.Status503ServiceUnavailable));
        app.MapGet("/status", () => Results.Text(EdgeReadiness.StatusJson(facts(), feed()), "application/json"));
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException exception)
        {
            throw new EdgeStartException(
                $"The health endpoint could not listen on {address}: {exception.Message.TrimEnd('.')}. Another program, perhaps another edge, has the port: choose another with --health ADDRESS:PORT",
                exception);
        }

        Url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (app is not null)
        {
            await app.StopAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync().ConfigureAwait(false);
        }
    }
}
