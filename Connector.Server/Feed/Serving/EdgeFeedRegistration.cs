using Connector.Protocol.Tokens;
using Connector.Server.Control;
using Connector.Server.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Connector.Server.Feed.Serving;

/// <summary>Registers what edges of their own follow, and the directory of all edges.</summary>
public static class EdgeFeedRegistration
{
    /// <summary>To be called after AddControlPlaneStore, and before anything that wants another <see cref="IEdgeDirectory"/>. May be called twice.</summary>
    public static IServiceCollection AddEdgeFeed(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => new TokenVerifier([provider.GetRequiredService<SigningKey>().PublicKey], provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(provider => new EdgeDirectory(provider.GetRequiredService<EdgeCatalog>()));
        services.TryAddSingleton<IEdgeDirectory>(provider => provider.GetRequiredService<EdgeDirectory>());
        services.TryAddSingleton<EdgeConnections>();
        services.TryAddSingleton<EdgeReportIntake>();
        services.TryAddSingleton<EdgeFeedServices>();
        return services;
    }

    /// <summary>Maps the gRPC service; gRPC and the API must be registered.</summary>
    public static WebApplication MapEdgeFeed(this WebApplication application)
    {
        application.MapGrpcService<EdgeFeedService>();
        return application;
    }
}
