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

    // Nobody's question is worth the wait of a successor.
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private WebApplication? app;
    private Task? ended;

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

    public Task StopAsync(CancellationToken cancellationToken) => EndAsync();

    /// <summary>Stops listening, so that another process can have the address, and gives answers under way a second. Safe to call again.</summary>
    public Task EndAsync()
    {
        lock (gate)
            return ended ??= EndOnceAsync();
    }

    private async Task EndOnceAsync()
    {
        if (app is null)
            return;
        using var limit = new CancellationTokenSource(LongestEnd);
        try
        {
            await app.StopAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Answers under way were cut; the address is free.
        }
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
