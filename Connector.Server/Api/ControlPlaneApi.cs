using Connector.Protocol.Tokens;
using Connector.Server.Feed;
using Connector.Server.Feed.Serving;
using Connector.Server.Store.Database;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Connector.Server.Api;

/// <summary>Registers the REST API and the feed, and maps their paths.</summary>
public static class ControlPlaneApi
{
    private const string Prefix = "/api/v1";

    /// <summary>
    /// Adds the API and <see cref="IEdgeFeed"/>; to be called after AddControlPlaneStore. An <see cref="IConnectorSessions"/> must be registered beside
    /// it, for example <see cref="AkkaConnectorSessions"/>.
    /// </summary>
    public static IServiceCollection AddControlPlaneApi(this IServiceCollection services)
    {
        services.AddSingleton<EdgeObservations>();
        services.AddSingleton(provider => new EdgeStateReader(
            provider.GetRequiredService<ControlDatabase>(), () => provider.GetRequiredService<SigningKey>().PublicKey));
        services.AddSingleton<SessionIntake>();
        services.AddHostedService(provider => provider.GetRequiredService<SessionIntake>());
        services.AddSingleton<ControlPlaneFeed>();
        services.AddSingleton<IEdgeFeed>(provider => provider.GetRequiredService<ControlPlaneFeed>());
        services.AddHostedService(provider => provider.GetRequiredService<ControlPlaneFeed>());
        services.AddEdgeFeed();

        services.AddSingleton<DesiredStateNews>();
        services.AddSingleton<EdgeViews>();
        services.AddSingleton<SocketDescription>();
        services.AddSingleton<ConnectorEndpoints>();
        services.AddSingleton<ConnectorTokenEndpoints>();
        services.AddSingleton<SocketEndpoints>();
        services.AddSingleton<StreamSessionEndpoints>();
        services.AddSingleton<EdgeEndpoints>();
        services.AddSingleton<PluginEndpoints>();
        services.AddSingleton<IStartupFilter, ApiGate>();
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        services.AddOpenApi("v1");
        MetricsEndpoint.Add(services);
        return services;
    }

    public static IEndpointRouteBuilder MapControlPlaneApi(this IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup(Prefix);
        ServerEndpoints.Map(api);
        ConnectorEndpoints.Map(api);
        ConnectorTokenEndpoints.Map(api);
        SocketEndpoints.Map(api);
        StreamSessionEndpoints.Map(api);
        EdgeEndpoints.Map(api);
        PluginEndpoints.Map(api);
        MetricsEndpoint.Map(endpoints);
        endpoints.MapOpenApi("/openapi/{documentName}.json");
        return endpoints;
    }
}
