using Connector.Protocol.Ids;
using Connector.Server.Store.Database;
using Microsoft.EntityFrameworkCore;

namespace Connector.Server.Store;

/// <summary>Sockets, as people manage them.</summary>
internal sealed class SocketCatalog(ControlDatabase database, ControlPlaneOptions options)
{
    /// <param name="Touched">Connectors whose desired state changed, those that lost the socket included.</param>
    public sealed record Change(SocketRow Socket, IReadOnlyList<ConnectorId> Touched);

    public Task<Page<SocketRow>> ListAsync(string? name, string? search, string? type, PageRequest page, CancellationToken cancellationToken)
        => database.ReadAsync(
            "listing sockets",
            db =>
            {
                var sockets = WithConnectors(db);
                sockets = name is null ? sockets : sockets.Where(socket => socket.Name == name);
                sockets = type is null ? sockets : sockets.Where(socket => socket.Type == type);
                if (search is not null)
                {
                    var pattern = LikePattern.Containing(search);
                    sockets = sockets.Where(socket => EF.Functions.Like(socket.Name, pattern, LikePattern.Escape)
                        || EF.Functions.Like(socket.DisplayName, pattern, LikePattern.Escape) || EF.Functions.Like(socket.Description, pattern, LikePattern.Escape));
                }

                return page.Of(sockets.OrderBy(socket => socket.Name));
            },
            cancellationToken);

    public Task<SocketRow?> FindAsync(string idOrName, CancellationToken cancellationToken)
        => database.ReadAsync("reading a socket", db => Find(WithConnectors(db), idOrName), cancellationToken);

    /// <summary>Name, type and upstream of the draft are required.</summary>
    /// <exception cref="NameTakenException">The name or port is another socket's.</exception>
    /// <exception cref="SocketRefusedException">A connector does not exist, or no port is free.</exception>
    /// <exception cref="BoundReachedException">A connector's configuration would become too large.</exception>
    public Task<Change> CreateAsync(SocketDraft draft, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"creating socket {draft.Name}",
            db =>
            {
                var now = database.Now;
                var row = new SocketRow
                {
                    Id = Guid.NewGuid().ToString(), Name = draft.Name!, Type = draft.Type!, UpstreamConfiguration = draft.UpstreamJson!,
                    CreatedAt = now, UpstreamUpdatedAt = now,
                };
                Apply(db, row, draft);
                db.Sockets.Add(row);
                return Save(db, row, [], 0);
            },
            cancellationToken);

    /// <summary>Null when there is none.</summary>
    /// <param name="decide">Makes the draft in view of what is stored; throws when it must not be.</param>
    public Task<Change?> UpdateAsync(string idOrName, Func<SocketRow, SocketDraft> decide, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"updating socket {idOrName}",
            db =>
            {
                var row = Find(WithConnectors(db), idOrName);
                if (row is null)
                {
                    return null;
                }

                var draft = decide(row);
                var before = row.Connectors.Select(link => link.ConnectorId).ToList();
                if (draft.UpstreamJson is not null && draft.UpstreamJson != row.UpstreamConfiguration)
                {
                    row.UpstreamUpdatedAt = database.Now;
                }

                var size = row.ConfigSize;
                Apply(db, row, draft);
                return Save(db, row, before, size);
            },
            cancellationToken);

    /// <summary>Null when there is none.</summary>
    public Task<Change?> DeleteAsync(string idOrName, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"deleting socket {idOrName}",
            db =>
            {
                var row = Find(WithConnectors(db), idOrName);
                if (row is null)
                {
                    return null;
                }

                var touched = row.Connectors.Select(link => link.ConnectorId).ToList();
                db.Sockets.Remove(row);
                db.SaveChanges();
                ControlDatabase.RaiseVersion(db, touched);
                return new Change(row, [.. touched.Select(id => new ConnectorId(id))]);
            },
            cancellationToken);

    private static IQueryable<SocketRow> WithConnectors(ControlDbContext db)
        => db.Sockets.Include(socket => socket.Connectors).ThenInclude(link => link.Connector);

    private static SocketRow? Find(IQueryable<SocketRow> sockets, string idOrName)
        => sockets.FirstOrDefault(socket => socket.Id == idOrName || socket.Name == idOrName);

    private Change Save(ControlDbContext db, SocketRow row, List<string> before, int sizeBefore)
    {
        row.ConfigSize = ConfigurationSize.Of(row);
        db.SaveChanges();

        // Who does not grow is not refused: a connector that is over the bound must be able to come back.
        foreach (var connectorId in row.Connectors.Select(link => link.ConnectorId).Where(id => row.ConfigSize > sizeBefore || !before.Contains(id)))
        {
            ConfigurationSize.Require(db, connectorId, options.MaxConfigurationBytes);
        }

        var touched = before.Union(row.Connectors.Select(link => link.ConnectorId)).ToList();
        ControlDatabase.RaiseVersion(db, touched);
        return new Change(row, [.. touched.Select(id => new ConnectorId(id))]);
    }

    private static void RequireFreeName(ControlDbContext db, SocketRow row)
    {
        if (db.Sockets.FirstOrDefault(socket => socket.Name == row.Name && socket.Id != row.Id) is { } other)
        {
            throw new NameTakenException(
                $"there is a socket named \"{row.Name}\" already ({other.Id}); choose another name, or change that one");
        }
    }

    private void Apply(ControlDbContext db, SocketRow row, SocketDraft draft)
    {
        row.Name = draft.Name ?? row.Name;
        RequireFreeName(db, row);
        row.DisplayName = draft.DisplayName ?? row.DisplayName;
        row.Type = draft.Type ?? row.Type;
        row.Description = draft.Description ?? row.Description;
        row.UpstreamType = draft.UpstreamType ?? row.UpstreamType;
        row.UpstreamHttpHostname = draft.UpstreamHttpHostname ?? row.UpstreamHttpHostname;
        row.RecordingEnabled = draft.RecordingEnabled ?? row.RecordingEnabled;
        row.ConnectorAuthenticationEnabled = draft.ConnectorAuthenticationEnabled ?? row.ConnectorAuthenticationEnabled;
        row.EndToEndEncryptionEnabled = draft.EndToEndEncryptionEnabled ?? row.EndToEndEncryptionEnabled;
        row.Tags = draft.TagsJson ?? row.Tags;
        row.UpstreamConfiguration = draft.UpstreamJson ?? row.UpstreamConfiguration;
        row.EdgePort = Port(db, row, draft.EdgePort);
        row.EdgePublic = draft.EdgePublic ?? row.EdgePublic;
        row.EdgeAllowedIps = draft.EdgeAllowedIps is { } networks ? string.Join(' ', networks) : row.EdgeAllowedIps;
        row.EdgeHedge = draft.EdgeHedge ?? row.EdgeHedge;
        row.EdgeProxyProtocolFrom = draft.EdgeProxyProtocolFrom is { } balancers ? string.Join(' ', balancers) : row.EdgeProxyProtocolFrom;
        row.Limits = draft.LimitsJson ?? row.Limits;
        row.UpstreamCheck = draft.UpstreamCheckJson ?? row.UpstreamCheck;
        row.UpstreamProxyProtocol = draft.UpstreamProxyProtocol ?? row.UpstreamProxyProtocol;
        row.UpdatedAt = database.Now;
        if (draft.ConnectorIds is { } ids)
        {
            Link(db, row, [.. ids.Distinct()]);
        }
    }

    private void Link(ControlDbContext db, SocketRow row, IReadOnlyList<string> ids)
    {
        row.Connectors.RemoveAll(link => !ids.Contains(link.ConnectorId));
        foreach (var id in ids.Where(id => row.Connectors.All(link => link.ConnectorId != id)))
        {
            var connector = db.Connectors.FirstOrDefault(connector => connector.Id == id)
                ?? throw new SocketRefusedException($"connector_ids: there is no connector {id}; GET /api/v1/connectors lists them");
            var link = new SocketConnectorRow
            {
                Id = Guid.NewGuid().ToString(), SocketId = row.Id, ConnectorId = id, Connector = connector,
                CreatedAt = database.Now, UpdatedAt = database.Now,
            };
            db.SocketConnectors.Add(link);
            if (!row.Connectors.Contains(link))
            {
                row.Connectors.Add(link);
            }
        }
    }

    private int Port(ControlDbContext db, SocketRow row, int? wanted)
    {
        if (wanted is { } port)
        {
            return db.Sockets.FirstOrDefault(socket => socket.EdgePort == port && socket.Id != row.Id) is { } other
                ? throw new NameTakenException(
                    $"edge.port: {port} is the port of socket \"{other.Name}\" ({other.Id}); choose another one, or leave it out to get a free one")
                : port;
        }

        if (row.EdgePort != 0)
        {
            return row.EdgePort;
        }

        var (first, last) = options.EdgePorts;
        var taken = db.Sockets.Where(socket => socket.EdgePort >= first && socket.EdgePort <= last).Select(socket => socket.EdgePort).ToHashSet();
        for (var candidate = first; candidate <= last; candidate++)
        {
            if (!taken.Contains(candidate))
            {
                return candidate;
            }
        }

        throw new NameTakenException(
            $"edge.port: all edge ports {first}-{last} are taken; delete a socket, name a port outside of them, "
            + "or start the server with a larger range (--edge-ports)");
    }
}
