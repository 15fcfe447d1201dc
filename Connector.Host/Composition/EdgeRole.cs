using System.Reflection;
using Connector.Host.Errors;
using Connector.Host.Running;
using Connector.Protocol.Tls;
using Connector.Server.Certificates;
using Connector.Server.Edge;
using Connector.Server.Edge.Health;
using Connector.Server.Feed.Following;
using Connector.Server.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Connector.Host.Composition;

/// <summary>An edge as a process of its own.</summary>
internal static class EdgeRole
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Returns when the tunnel port accepts connections.</summary>
    /// <exception cref="ConnectorError">A port is in use, the state is another edge's, or a certificate cannot be used.</exception>
    public static async Task<RunningEdge> StartAsync(EdgeRoleOptions options, CancellationToken cancellationToken)
    {
        IHost? host = null;
        var start = new StartPhase();
        try
        {
            host = Build(options, start);
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
            start.End();
            return Running(host, options);
        }
        catch (Exception failure)
        {
            if (host is IAsyncDisposable started)
            {
                await started.DisposeAsync().ConfigureAwait(false);
            }

            if (failure is CertificateException or EdgeStartException or FeedStartException)
            {
                throw ConnectorError.Said("Cannot start the edge", failure);
            }

            throw;
        }
    }

    private static IHost Build(EdgeRoleOptions options, StartPhase start)
    {
        var settings = options.Settings;
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "connector" });
        ProcessLogging.Add(builder.Logging, settings.LogLevel, start);
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        builder.Services.Configure<HostOptions>(hosting => hosting.ShutdownTimeout = StopTimeout);
        builder.Services.AddEdgeHost(new EdgeHostOptions
        {
            EdgeId = settings.Claims.EdgeId,
            OrganizationId = settings.Claims.OrganizationId,
            Server = settings.ServerUrl,
            Trust = new ServerTrust(settings.Claims.CaPins),
            Credential = settings.Credential,
            DataDirectory = options.DataDirectory,
            TunnelAddress = settings.TunnelAddress,
            PublicHost = settings.PublicHost,
            BindAddress = settings.BindAddress,
            TunnelPort = settings.TunnelPort,
            Health = settings.Health,
            CertificateHosts = [settings.TunnelHost, settings.PublicHost, Environment.MachineName],
            CertificateFile = settings.Certificate,
            CertificateKeyFile = settings.Key,
            Limits = new EdgeLimits { ResumeWithin = settings.ResumeWithin },
            SoftwareVersion = typeof(EdgeRole).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0",
        });
        return builder.Build();
    }

    private static RunningEdge Running(IHost host, EdgeRoleOptions options)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped.Register(() => ended.TrySetResult());
        return new RunningEdge(
            options.Settings.Claims.EdgeId,
            options.Settings.TunnelAddress,
            host.Services.GetService<EdgeHealthEndpoint>()?.Url,
            ended.Task,
            async stopping =>
            {
                await host.StopAsync(stopping).ConfigureAwait(false);
                await ((IAsyncDisposable)host).DisposeAsync().ConfigureAwait(false);
            });
    }
}
