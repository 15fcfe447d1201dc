using Akka.Hosting;
using Connector.Server.Certificates;
using Connector.Server.Edge;
using Connector.Server.Edge.Health;
using Connector.Server.Feed;
using Connector.Server.Feed.Following;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Connector.Server.Hosting;

/// <summary>Composes an edge in a process of its own: actor system, the feed from its control plane, the edge, its health endpoint.</summary>
public static class EdgeHost
{
    /// <exception cref="CertificateException">Certificates cannot be read or made.</exception>
    public static IServiceCollection AddEdgeHost(this IServiceCollection services, EdgeHostOptions options)
    {
        var certificates = ControlPlaneHost.OpenCertificates(options.CertificateFile, options.CertificateKeyFile, Path.Combine(options.DataDirectory, "certificates"), options.CertificateHosts, TimeProvider.System, NullLogger.Instance);
        services.TryAddSingleton(TimeProvider.System);

        // By factory, so that the container disposes them.
        services.AddSingleton(_ => certificates);
        services.AddAkka("edge", akka => akka
            .AddHocon(ControlPlaneHost.QuietAkka, HoconAddMode.Prepend)
            .ConfigureLoggers(logging =>
            {
                logging.AddLoggerFactory();
                logging.ClearLoggers();
                logging.AddLogger<ActorLogger>();
            }));

        // Before the edge, so that it stops after it: what the edge says last is still told.
        services.AddSingleton(provider => new RemoteFeed(
            new RemoteFeedOptions
            {
                EdgeId = options.EdgeId,
                OrganizationId = options.OrganizationId,
                Server = options.Server,
                Trust = options.Trust,
                Credential = options.Credential,
                DataDirectory = options.DataDirectory,
                TunnelAddresses = [options.TunnelAddress],
                CaPins = provider.GetRequiredService<ServerCertificates>().CaPins,
                PublicHost = options.PublicHost,
                SoftwareVersion = options.SoftwareVersion,
            },
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RemoteFeed>>()));
        services.AddSingleton<IEdgeFeed>(provider => provider.GetRequiredService<RemoteFeed>());
        services.AddHostedService(provider => provider.GetRequiredService<RemoteFeed>());
        services.AddEdge(provider => new EdgeOptions
        {
            EdgeId = options.EdgeId,
            ServerCertificate = () => provider.GetRequiredService<ServerCertificates>().Current,
            BindAddress = options.BindAddress,
            TunnelPort = options.TunnelPort,

            // The control plane gives sockets their ports: the same on each edge.
            SocketPorts = null,
            Limits = options.Limits,
        });
        if (options.Health is { } health)
        {
            services.AddSingleton(provider =>
            {
                var edge = provider.GetRequiredService<EdgeNode>();
                return new EdgeHealthEndpoint(
                    health, () => new EdgeFacts(options.EdgeId, options.TunnelAddress, edge.Sockets, edge.Links, edge.Lanes), () => provider.GetRequiredService<RemoteFeed>().Condition);
            });
            services.AddHostedService(provider => provider.GetRequiredService<EdgeHealthEndpoint>());
        }

        return services;
    }
}
