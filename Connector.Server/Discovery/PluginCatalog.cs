using Connector.Protocol.Ids;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.EntityFrameworkCore;

namespace Connector.Server.Discovery;

/// <summary>Plugins, as people manage them.</summary>
internal sealed class PluginCatalog(ControlDatabase database, ControlPlaneOptions options)
{
    public const int MaxPerConnector = 100;

    /// <summary>Oldest first.</summary>
    public Task<IReadOnlyList<PluginRow>> ListAsync(ConnectorId connectorId, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<PluginRow>>(
            $"listing the plugins of connector {connectorId}",
            db => [.. db.Plugins.Where(plugin => plugin.ConnectorId == connectorId.Value).OrderBy(plugin => plugin.CreatedAt).ThenBy(plugin => plugin.Id)],
            cancellationToken);

    public Task<PluginRow?> FindAsync(PluginId id, CancellationToken cancellationToken)
        => database.ReadAsync($"reading plugin {id}", db => db.Plugins.FirstOrDefault(plugin => plugin.Id == id.Value), cancellationToken);

    /// <summary>False: there is no such connector.</summary>
    /// <exception cref="BoundReachedException">It has as many plugins as it may have, or its configuration would become too large.</exception>
    public Task<bool> CreateAsync(PluginRow plugin, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"creating a plugin of connector {plugin.ConnectorId}",
            db =>
            {
                if (!db.Connectors.Any(connector => connector.Id == plugin.ConnectorId))
                {
                    return false;
                }

                if (db.Plugins.Count(row => row.ConnectorId == plugin.ConnectorId) >= MaxPerConnector)
                {
                    throw new BoundReachedException($"connector {plugin.ConnectorId} has {MaxPerConnector} plugins, the most it may have; delete those that are not used");
                }

                plugin.ConfiguredAt = database.Now;
                db.Plugins.Add(plugin);
                Save(db, plugin);
                return true;
            },
            cancellationToken);

    /// <summary>Null when there is none.</summary>
    /// <param name="change">Throws when it must not be.</param>
    public Task<PluginRow?> UpdateAsync(PluginId id, Action<PluginRow> change, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"updating plugin {id}",
            db =>
            {
                if (db.Plugins.FirstOrDefault(plugin => plugin.Id == id.Value) is not { } row)
                {
                    return null;
                }

                var before = row.Configuration;
                change(row);
                row.UpdatedAt = database.Now;
                row.ConfiguredAt = row.Configuration == before ? row.ConfiguredAt : row.UpdatedAt;
                Save(db, row);
                return row;
            },
            cancellationToken);

    /// <summary>What it discovered goes with it. Null when there is none.</summary>
    public Task<PluginRow?> DeleteAsync(PluginId id, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"deleting plugin {id}",
            db =>
            {
                if (db.Plugins.FirstOrDefault(plugin => plugin.Id == id.Value) is not { } row)
                {
                    return null;
                }

                db.Plugins.Where(plugin => plugin.Id == id.Value).ExecuteDelete();
                ControlDatabase.RaiseVersion(db, [row.ConnectorId]);
                return row;
            },
            cancellationToken);

    private void Save(ControlDbContext db, PluginRow plugin)
    {
        db.SaveChanges();
        ConfigurationSize.Require(db, plugin.ConnectorId, options.MaxConfigurationBytes);
        ControlDatabase.RaiseVersion(db, [plugin.ConnectorId]);
    }
}
