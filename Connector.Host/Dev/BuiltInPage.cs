using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Connector.Host.Dev;

/// <summary>The small page that <c>dev</c> exposes when it was given nothing to expose, so that there is something to reach.</summary>
internal sealed class BuiltInPage : IAsyncDisposable
{
    public const string SocketName = "hello";
    public const string Description = "the built-in page of connector dev";

    private readonly WebApplication application;

    private BuiltInPage(WebApplication application, int port)
    {
        this.application = application;
        Port = port;
    }

    public int Port { get; }

    public static async Task<BuiltInPage> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, SilentLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var application = builder.Build();
        application.Run(context =>
        {
            context.Response.ContentType = "text/html; charset=utf-8";
            return context.Response.WriteAsync(
                """
                <!doctype html><title>It works</title>
                <h1>It works</h1>
                <p>This page comes from a private service. Your request went to the edge, over a connection that the connector had dialled out, to the service.</p>
                <p>Try your own: <code>connector dev --expose db=postgres://127.0.0.1:5432</code></p>

                """);
        });
        await application.StartAsync(cancellationToken);
        return new BuiltInPage(application, new Uri(application.Urls.First()).Port);
    }

    public async ValueTask DisposeAsync() => await application.DisposeAsync();

    /// <summary>Signals belong to the process's one owner.</summary>
    private sealed class SilentLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
