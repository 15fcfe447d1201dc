using Connector.Protocol.Tokens;
using Connector.Server.Discovery;
using Connector.Server.Store.Database;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Connector.Server.Store;

/// <summary>Registers the store.</summary>
public static class ControlPlaneStoreServices
{
    /// <summary>
    /// Adds <see cref="IControlStore"/>, <see cref="ServerSecrets"/>, <see cref="SigningKey"/> and <see cref="TokenIssuer"/>. The store is opened when
    /// the first of them is asked for, and throws <see cref="ControlStoreException"/> when it cannot be.
    /// </summary>
    public static IServiceCollection AddControlPlaneStore(this IServiceCollection services, ControlPlaneOptions options)
    {
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => ControlDatabase.Open(options, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ConnectorLogs>();
        services.AddSingleton<SessionHistory>();
        services.AddSingleton<ConnectorCatalog>();
        services.AddSingleton<SocketCatalog>();
        services.AddSingleton<EdgeCatalog>();
        services.AddSingleton<PluginCatalog>();
        services.AddSingleton<DiscoveryStore>();
        services.AddSingleton<IDiscoveryStore>(provider => provider.GetRequiredService<DiscoveryStore>());
        services.AddSingleton<IControlStore, ControlStore>();
        services.AddSingleton(provider => new ServerSecrets(provider.GetRequiredService<ControlDatabase>()));
        services.TryAddSingleton(provider => provider.GetRequiredService<ServerSecrets>().LoadSigningKey());
        services.TryAddSingleton(provider => new TokenIssuer(provider.GetRequiredService<SigningKey>()));
        return services;
    }
}
