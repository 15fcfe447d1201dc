using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Connector.Tests.Plugins;

/// <summary>A server of HTTP on a port of loopback or on a Unix socket that answers as it is told.</summary>
internal sealed class HttpStub : IAsyncDisposable
{
    private readonly WebApplication server;
    private readonly CancellationTokenSource ended = new();
    private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HttpStub(RequestDelegate answer, Action<KestrelServerOptions> listen)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(listen);
        server = builder.Build();
        server.Run(context =>
        {
            asked.TrySetResult();
            return answer(context);
        });
    }

    /// <summary>Done once something has come.</summary>
    public Task Asked => asked.Task;

    public int Port => new Uri(server.Urls.Single()).Port;

    public static async Task<HttpStub> OnPortAsync(RequestDelegate answer, X509Certificate2? certificate = null)
    {
        var stub = new HttpStub(answer, options => options.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        await stub.server.StartAsync(TestContext.Current.CancellationToken);
        return stub;
    }

    public static async Task<HttpStub> OnSocketAsync(string path, RequestDelegate answer)
    {
        var stub = new HttpStub(answer, options => options.ListenUnixSocket(path));
        await stub.server.StartAsync(TestContext.Current.CancellationToken);
        return stub;
    }

    /// <summary>Until the asker leaves or the stub ends.</summary>
    public async Task StaySilentAsync(HttpContext context)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, ended.Token);
        await Task.Delay(Timeout.InfiniteTimeSpan, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public CancellationToken Ended => ended.Token;

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await server.DisposeAsync();
        ended.Dispose();
    }
}
