using Connector.Protocol.Ids;
using Connector.Server.Store.Database;
using Microsoft.EntityFrameworkCore;

namespace Connector.Server.Store;

/// <summary>Connectors and their tokens, as people manage them.</summary>
internal sealed class ConnectorCatalog(ControlDatabase database, ConnectorLogs logs, SessionHistory sessions)
{
    /// <summary>
    /// How long a revoked token stays as a tombstone: longer than any ticket of it can live (24 h, the clocks' leeway, and a ticket that was being issued
    /// while the token was revoked).
    /// </summary>
    public static readonly TimeSpan TombstoneLife = TimeSpan.FromHours(25);

    /// <summary>Tokens of one connector, tombstones included: they bound what edges are told.</summary>
    public const int MaxTokensPerConnector = 1_000;

    /// <param name="ActiveTokens">Neither revoked nor expired.</param>
    public sealed record Entry(ConnectorRow Connector, int ActiveTokens);

    public Task<IReadOnlyList<Entry>> ListAsync(CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<Entry>>(
            "listing connectors",
            db =>
            {
                var now = database.Now;
                var active = db.ConnectorTokens.Where(token => !token.Revoked && (token.ExpiresAt == null || token.ExpiresAt > now))
                    .GroupBy(token => token.ConnectorId)
                    .Select(group => new { group.Key, Count = group.Count() })
                    .ToDictionary(group => group.Key, group => group.Count);
                return [.. db.Connectors.OrderBy(connector => connector.Name).AsEnumerable()
                    .Select(connector => new Entry(connector, active.GetValueOrDefault(connector.Id)))];
            },
            cancellationToken);

    public Task<Entry?> FindAsync(ConnectorId id, CancellationToken cancellationToken)
        => database.ReadAsync($"reading connector {id}", db => Find(db, id.Value), cancellationToken);

    /// <exception cref="NameTakenException">Another connector has this name.</exception>
    public Task<Entry> CreateAsync(string name, ConnectorDraft draft, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"creating connector {name}",
            db =>
            {
                RequireFreeName(db, name, exceptId: "");
                var row = new ConnectorRow { Id = Guid.NewGuid().ToString(), Name = name, CreatedAt = database.Now };
                Apply(row, draft);
                db.Connectors.Add(row);
                db.Epochs.Add(new EpochRow { ConnectorId = row.Id });
                db.SaveChanges();
                ControlDatabase.RaiseVersion(db, [row.Id]);
                return new Entry(row, 0);
            },
            cancellationToken);

    /// <summary>Null when there is none.</summary>
    /// <exception cref="NameTakenException">Another connector has the new name.</exception>
    public Task<Entry?> UpdateAsync(ConnectorId id, ConnectorDraft draft, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"updating connector {id}",
            db =>
            {
                var row = db.Connectors.FirstOrDefault(connector => connector.Id == id.Value);
                if (row is null)
                {
                    return null;
                }

                RequireFreeName(db, draft.Name ?? row.Name, exceptId: row.Id);
                Apply(row, draft);
                db.SaveChanges();
                ControlDatabase.RaiseVersion(db, [row.Id]);
                return Find(db, row.Id);
            },
            cancellationToken);

    /// <summary>Its tokens, logs, sessions and epoch go with it; its sockets stay and are served by whoever else serves them.</summary>
    public async Task<bool> DeleteAsync(ConnectorId id, CancellationToken cancellationToken)
    {
        var deleted = await database.WriteAsync(
            $"deleting connector {id}",
            db =>
            {
                var count = db.Connectors.Where(connector => connector.Id == id.Value).ExecuteDelete();
                ControlDatabase.RaiseVersion(db, []);
                return count > 0;
            },
            cancellationToken).ConfigureAwait(false);
        logs.Forget(id);
        sessions.Forget(id);
        return deleted;
    }

    /// <summary>Those in force, oldest first; a revoked token is gone for people.</summary>
    public Task<IReadOnlyList<ConnectorTokenRow>> ListTokensAsync(ConnectorId id, CancellationToken cancellationToken)
        => database.ReadAsync<IReadOnlyList<ConnectorTokenRow>>(
            $"listing the tokens of connector {id}",
            db => [.. Tokens(db, id).OrderBy(token => token.CreatedAt).ThenBy(token => token.Id)],
            cancellationToken);

    public Task<ConnectorTokenRow?> FindTokenAsync(ConnectorId id, string tokenId, CancellationToken cancellationToken)
        => database.ReadAsync(
            $"reading a token of connector {id}", db => Tokens(db, id).FirstOrDefault(token => token.Id == tokenId), cancellationToken);

    /// <summary>False when the connector was deleted meanwhile.</summary>
    /// <exception cref="BoundReachedException">It has as many tokens as it may have.</exception>
    public Task<bool> AddTokenAsync(ConnectorTokenRow token, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"storing a token of connector {token.ConnectorId}",
            db =>
            {
                if (!db.Connectors.Any(connector => connector.Id == token.ConnectorId))
                {
                    return false;
                }

                TrimTombstones(db);
                if (db.ConnectorTokens.Count(row => row.ConnectorId == token.ConnectorId) >= MaxTokensPerConnector)
                {
                    throw new BoundReachedException(
                        $"connector {token.ConnectorId} has {MaxTokensPerConnector} tokens, the most it may have; those revoked within the last "
                        + $"{TombstoneLife.TotalHours:0} hours count: delete tokens that are not used, and try again later");
                }

                db.ConnectorTokens.Add(token);
                db.SaveChanges();
                return true;
            },
            cancellationToken);

    public Task<bool> RevokeTokenAsync(ConnectorId id, string tokenId, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"revoking a token of connector {id}",
            db =>
            {
                var now = database.Now;
                var revoked = Tokens(db, id).Where(token => token.Id == tokenId)
                    .ExecuteUpdate(set => set.SetProperty(token => token.Revoked, true).SetProperty(token => token.RevokedAt, now)) > 0;
                if (revoked)
                {
                    TrimTombstones(db);
                    // No desired state changes by it; edges must hear of it all the same.
                    ControlDatabase.RaiseVersion(db, []);
                }

                return revoked;
            },
            cancellationToken);

    private void TrimTombstones(ControlDbContext db)
    {
        var over = database.Now - (long)TombstoneLife.TotalMilliseconds;
        db.ConnectorTokens.Where(token => token.RevokedAt < over).ExecuteDelete();
    }

    private static IQueryable<ConnectorTokenRow> Tokens(ControlDbContext db, ConnectorId id)
        => db.ConnectorTokens.Where(token => token.ConnectorId == id.Value && !token.Revoked);

    private static void RequireFreeName(ControlDbContext db, string name, string exceptId)
    {
        if (db.Connectors.FirstOrDefault(connector => connector.Name == name && connector.Id != exceptId) is { } other)
        {
            throw new NameTakenException($"there is a connector named \"{name}\" already ({other.Id}); choose another name, or change that one");
        }
    }

    private Entry? Find(ControlDbContext db, string id)
    {
        var now = database.Now;
        return db.Connectors.FirstOrDefault(connector => connector.Id == id) is { } row
            ? new Entry(row, db.ConnectorTokens.Count(
                token => token.ConnectorId == id && !token.Revoked && (token.ExpiresAt == null || token.ExpiresAt > now)))
            : null;
    }

    private void Apply(ConnectorRow row, ConnectorDraft draft)
    {
        row.Name = draft.Name ?? row.Name;
        row.Description = draft.Description ?? row.Description;
        row.BuiltInSshServiceEnabled = draft.BuiltInSshServiceEnabled ?? row.BuiltInSshServiceEnabled;
        row.BuiltInSshServiceConfiguration = draft.BuiltInSshServiceConfigurationJson ?? row.BuiltInSshServiceConfiguration;
        row.UpdatedAt = database.Now;
    }
}
