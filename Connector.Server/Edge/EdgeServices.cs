using Akka.Actor;
using Connector.Server.Feed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Edge;

/// <summary>Registration of an edge in a host.</summary>
public static class EdgeServices
{
    /// <summary>
    /// Adds an <see cref="EdgeNode"/> that starts with the host, and the <see cref="ILaneAcceptor"/> for its HTTPS port. The host provides the
    /// <see cref="IEdgeFeed"/> and the <see cref="ActorSystem"/>, which must start before the edge: register it first.
    /// </summary>
    public static IServiceCollection AddEdge(this IServiceCollection services, Func<IServiceProvider, EdgeOptions> options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new EdgeNode(
            options(provider),
            provider.GetRequiredService<IEdgeFeed>(),
            provider.GetRequiredService<ActorSystem>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton<ILaneAcceptor>(provider => provider.GetRequiredService<EdgeNode>());
        services.AddHostedService(provider => provider.GetRequiredService<EdgeNode>());
        return services;
    }
}
