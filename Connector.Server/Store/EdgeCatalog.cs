using Connector.Protocol.Ids;
using Connector.Server.Store.Database;

namespace Connector.Server.Store;

/// <summary>Edges that run as processes of their own: their credentials, where they are, and how far their reports are stored.</summary>
internal sealed class EdgeCatalog(ControlDatabase database, ConnectorLogs logs, SessionHistory sessions)
{
    /// <summary>Every replica links to every edge.</summary>
    public const int MaxEdges = 100;

    /// <summary>Oldest first, to the second; then by name.</summary>
    public Task<IReadOnlyList<EdgeRow>> ListAsync(CancellationToken cancellationToken)
        => database.ReadAsync("listing edges", All, cancellationToken);

    /// <summary>For start-up.</summary>
    public IReadOnlyList<EdgeRow> List() => database.Read(All);

    public Task<EdgeRow?> FindAsync(string idOrName, CancellationToken cancellationToken)
        => database.ReadAsync("reading an edge", db => Find(db, idOrName), cancellationToken);

    /// <exception cref="NameTakenException">Another edge has the name.</exception>
    /// <exception cref="BoundReachedException">There are as many edges as there may be.</exception>
    public Task<EdgeRow> CreateAsync(EdgeRow edge, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"creating edge {edge.Name}",
            db =>
            {
                if (db.Edges.FirstOrDefault(row => row.Name == edge.Name) is { } other)
                {
                    throw new NameTakenException($"there is an edge named \"{edge.Name}\" already ({other.Id}); choose another name, or delete that one");
                }

                if (db.Edges.Count() >= MaxEdges)
                {
                    throw new BoundReachedException($"there are {MaxEdges} edges, the most there may be, for each replica links to each of them; delete those that are not used");
                }

                db.Edges.Add(edge);
                db.SaveChanges();
                return edge;
            },
            cancellationToken);

    /// <summary>The credential that was in force is void from now on. Null when there is no such edge.</summary>
    public Task<EdgeRow?> ReplaceCredentialAsync(string idOrName, string credentialId, long? expiresAt, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"replacing the credential of edge {idOrName}",
            db =>
            {
                if (Find(db, idOrName) is not { } row)
                {
                    return null;
                }

                (row.CredentialId, row.CredentialExpiresAt) = (credentialId, expiresAt);
                db.SaveChanges();
                return row;
            },
            cancellationToken);

    /// <summary>Null when there is none.</summary>
    public Task<EdgeRow?> DeleteAsync(string idOrName, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"deleting edge {idOrName}",
            db =>
            {
                if (Find(db, idOrName) is not { } row)
                {
                    return null;
                }

                db.Edges.Remove(row);
                db.SaveChanges();
                return row;
            },
            cancellationToken);

    /// <summary>The row as well, when the credential is in force.</summary>
    public Task<(EdgeStanding Standing, EdgeRow? Edge)> CheckAsync(EdgeId id, string credentialId, CancellationToken cancellationToken)
        => database.ReadAsync<(EdgeStanding, EdgeRow?)>(
            $"checking the credential of edge {id}",
            db => Find(db, id.Value) switch
            {
                null => (EdgeStanding.Deleted, null),
                { } row when row.CredentialId != credentialId => (EdgeStanding.Replaced, null),
                { } row => (EdgeStanding.Valid, row),
            },
            cancellationToken);

    /// <summary>The edge came, or is still there.</summary>
    /// <param name="presence">Null when it said nothing new.</param>
    /// <returns>False when it was deleted.</returns>
    public Task<bool> SeenAsync(EdgeId id, EdgePresence? presence, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"noting that edge {id} was heard",
            db =>
            {
                if (Find(db, id.Value) is not { } row)
                {
                    return false;
                }

                row.LastSeenAt = Math.Max(row.LastSeenAt ?? 0, database.Now);
                if (presence is not null)
                {
                    row.Addresses = string.Join(' ', presence.Addresses);
                    row.CaPins = string.Join(' ', presence.CaPins);
                    row.PublicHost = presence.PublicHost;
                    row.SoftwareVersion = presence.SoftwareVersion;
                }

                db.SaveChanges();
                return true;
            },
            cancellationToken);

    /// <summary>
    /// Stores what an edge's batch has of log records and ended sessions, in one transaction with the batch's number: a batch that comes again is not stored again.
    /// Records of connectors that are gone are left out.
    /// </summary>
    /// <returns>False when it is stored already, or the edge is deleted.</returns>
    public Task<bool> StoreReportsAsync(
        EdgeId id, BootId boot, long sequence, ILookup<ConnectorId, LogRecord> records, IReadOnlyCollection<SessionRow> ended, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"storing reports of edge {id}",
            db =>
            {
                var bootId = boot.ToString();
                if (Find(db, id.Value) is not { } row || (row.ReportBootId == bootId && row.ReportSequence >= sequence))
                {
                    return false;
                }

                (row.ReportBootId, row.ReportSequence, row.LastSeenAt) = (bootId, sequence, Math.Max(row.LastSeenAt ?? 0, database.Now));
                db.SaveChanges();
                var named = records.Select(group => group.Key.Value).ToList();
                foreach (var connector in db.Connectors.Where(connector => named.Contains(connector.Id)).Select(connector => connector.Id).ToList())
                {
                    logs.Append(db, connector, records[new ConnectorId(connector)].ToList());
                }

                if (ended.Count > 0)
                {
                    sessions.Append(db, ended);
                }

                return true;
            },
            cancellationToken);

    private static IReadOnlyList<EdgeRow> All(ControlDbContext db) => [.. db.Edges.OrderBy(edge => edge.CreatedAt).ThenBy(edge => edge.Name)];

    private static EdgeRow? Find(ControlDbContext db, string idOrName) => db.Edges.FirstOrDefault(edge => edge.Id == idOrName || edge.Name == idOrName);
}
