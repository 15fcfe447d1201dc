using Akka.Hosting;
using Connector.Server.Control;
using Microsoft.Extensions.DependencyInjection;

namespace Connector.Server.Api;

/// <summary>Joins the API with the connector entities.</summary>
public static class ConnectorSessionsServices
{
    /// <summary>The parent of the entities is looked up at each use: it may be made after the API.</summary>
    public static IServiceCollection AddConnectorSessions(this IServiceCollection services) => services.AddSingleton<IConnectorSessions>(
        provider => new AkkaConnectorSessions(() => provider.GetRequiredService<ActorRegistry>().Get<ConnectorsActor>(), TimeProvider.System));
}
