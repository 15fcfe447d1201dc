using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using static Connector.Actors.Health.HealthProtocol;

namespace Connector.Actors.Health;

/// <summary>
/// <c>/livez</c>, <c>/readyz</c>, <c>/startupz</c> (200 or 503, one line), <c>/status</c> (JSON) and <c>/metrics</c> (Prometheus text) over
/// plain HTTP: the only thing a replica listens on. Shows no secret and takes no input.
/// </summary>
/// <param name="ask">The state, or null when the actors did not answer in time.</param>
public sealed class HealthEndpoint(IPEndPoint address, Func<CancellationToken, Task<HealthState?>> ask) : IHostedService, IAsyncDisposable
{
    private const int MostConnections = 64;

    private WebApplication? app;

    /// <summary>Where it listens; the real port when 0 was asked for. Null before the start.</summary>
    public Uri? Url { get; private set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        ReplicaMetricsEndpoint.Add(builder.Services);
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
        ReplicaMetricsEndpoint.Map(app);
        Map("/livez", HealthReport.Live);
        Map("/readyz", HealthReport.Ready);
        Map("/startupz", HealthReport.Startup);
        app.MapGet("/status", async (HttpContext http) =>
        {
            var state = await ask(http.RequestAborted).ConfigureAwait(false);
            http.Response.StatusCode = state is null ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(HealthReport.StatusJson(state), http.RequestAborted).ConfigureAwait(false);
        });

        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new IOException(
                $"the health endpoint could not listen on {address}: {e.Message} Another program, perhaps another replica, has the port: choose another with --health ADDRESS:PORT.",
                e);
        }

        Url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (app is not null)
            await app.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
            await app.DisposeAsync().ConfigureAwait(false);
    }

    private void Map(string path, Func<HealthState?, HealthVerdict> judge)
        => app!.MapGet(path, async (HttpContext http) =>
        {
            var verdict = judge(await ask(http.RequestAborted).ConfigureAwait(false));
            http.Response.StatusCode = verdict.Good ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            http.Response.ContentType = "text/plain; charset=utf-8";
            await http.Response.WriteAsync(verdict.Text + "\n", http.RequestAborted).ConfigureAwait(false);
        });
}
