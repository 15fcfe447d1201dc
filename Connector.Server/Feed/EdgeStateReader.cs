using System.Collections.Immutable;
using System.Net;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Server.Store.Database;
using Microsoft.EntityFrameworkCore;

namespace Connector.Server.Feed;

/// <summary>Reads what an edge needs, all of one moment, from the store. Many edges that hear of one change cost one read.</summary>
internal sealed class EdgeStateReader(ControlDatabase database, Func<VerificationKey> ticketKey) : IDisposable
{
    private readonly SemaphoreSlim reading = new(1, 1);

    // Each change that edges see raises the store's version.
    private EdgeState? newest;

    public async Task<EdgeState> ReadAsync(CancellationToken cancellationToken)
    {
        await reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return newest = await database.ReadAsync(
                "reading the edge's state", db => newest is { } known && known.Version == database.Version(db) ? known : Read(db), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            reading.Release();
        }
    }

    public void Dispose() => reading.Dispose();

    private EdgeState Read(ControlDbContext db)
        => new(
            database.Version(db),
            [.. db.Sockets.Include(socket => socket.Connectors).OrderBy(socket => socket.Id).AsEnumerable().Select(Socket)],
            [ticketKey()],
            RevokedTickets(db),
            [.. db.Connectors.Select(connector => connector.Id).AsEnumerable().Select(id => new ConnectorId(id))]);

    /// <summary>A ticket's id is that of the token it was issued under. Tombstones that are due but not deleted yet do no harm.</summary>
    private static ImmutableHashSet<string> RevokedTickets(ControlDbContext db)
        => [.. db.ConnectorTokens.Where(token => token.Revoked).Select(token => token.Id)];

    private static EdgeSocket Socket(SocketRow row)
        => new(
            new SocketId(row.Id),
            row.Name,
            row.Type,
            [.. row.Connectors.Select(link => link.ConnectorId).Order(StringComparer.Ordinal).Select(id => new ConnectorId(id))],
            row.EdgePort,
            row.EdgePublic,
            Networks(row.EdgeAllowedIps))
        {
            Hedge = row.EdgeHedge,
            ProxyProtocolFrom = Networks(row.EdgeProxyProtocolFrom),
        };

    private static ImmutableArray<IPNetwork> Networks(string stored)
        => [.. stored.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(network => IPNetwork.Parse(network))];
}
