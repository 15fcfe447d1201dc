using System.Collections.Concurrent;
using Connector.Protocol.Ids;
using Connector.Server.Store.Database;
using Microsoft.EntityFrameworkCore;

namespace Connector.Server.Store;

/// <summary>Sessions that have ended: the newest of each connector are kept, and none beyond an age. Deleted in batches, oldest first.</summary>
internal sealed class SessionHistory(ControlDatabase database, ControlPlaneOptions options)
{
    private const int DeleteBatch = 5_000;

    // Records appended since the last trim. Missing after a start, so that the first append of a connector trims.
    private readonly ConcurrentDictionary<string, int> sinceTrim = new();

    /// <summary>One transaction for all. Those of connectors that are gone are left out.</summary>
    /// <returns>How many were stored.</returns>
    public Task<int> AppendAsync(IReadOnlyCollection<SessionRow> sessions, CancellationToken cancellationToken)
        => database.WriteAsync("storing records of sessions", db => Append(db, sessions), cancellationToken);

    /// <summary>To be called within a write.</summary>
    /// <inheritdoc cref="AppendAsync"/>
    public int Append(ControlDbContext db, IReadOnlyCollection<SessionRow> sessions)
    {
        var groups = sessions.ToLookup(session => session.ConnectorId);
        var ids = groups.Select(group => group.Key).ToList();
        var known = db.Connectors.Where(connector => ids.Contains(connector.Id)).Select(connector => connector.Id).ToHashSet();
        foreach (var gone in ids.Where(id => !known.Contains(id)))
        {
            sinceTrim.TryRemove(gone, out _);
        }

        // In the order in which they came, whatever their connectors: the order of ids is the order of ending.
        var stored = sessions.Where(session => known.Contains(session.ConnectorId)).ToList();
        foreach (var session in stored)
        {
            // A batch that failed is tried again with the same rows.
            session.Id = 0;
        }

        db.Sessions.AddRange(stored);
        db.SaveChanges();
        foreach (var id in known)
        {
            TrimWhenDue(db, id, groups[id].Count());
        }

        return stored.Count;
    }

    /// <summary>Deletes what is older than it may be. Each batch by itself: after a long time it may be much, and others want to write.</summary>
    public async Task<int> TrimByAgeAsync(CancellationToken cancellationToken)
    {
        var (oldest, all, deleted) = (Oldest, 0, 0);
        do
        {
            deleted = await database.WriteAsync(
                "deleting old records of sessions", db => DeleteSome(db.Sessions.Where(session => session.EndedAt < oldest)), cancellationToken).ConfigureAwait(false);
            all += deleted;
        }
        while (deleted == DeleteBatch);
        return all;
    }

    public void Forget(ConnectorId connectorId) => sinceTrim.TryRemove(connectorId.Value, out _);

    /// <summary>Newest end first.</summary>
    /// <param name="skip">Of those that match.</param>
    public Task<(IReadOnlyList<SessionRow> Records, int Total)> ReadAsync(SessionFilter filter, long skip, int take, CancellationToken cancellationToken)
        => database.ReadAsync<(IReadOnlyList<SessionRow>, int)>(
            "reading records of sessions",
            db =>
            {
                var matching = Matching(db, filter);
                var total = matching.Count();
                return (skip >= total || take == 0 ? [] : [.. matching.OrderByDescending(session => session.Id).Skip((int)skip).Take(take)], total);
            },
            cancellationToken);

    private long Oldest => database.Now - (long)options.SessionsKeptFor.TotalMilliseconds;

    private IQueryable<SessionRow> Matching(ControlDbContext db, SessionFilter filter)
    {
        var since = Math.Max(Oldest, filter.Since?.ToUnixTimeMilliseconds() ?? 0);
        var sessions = db.Sessions.Where(session => session.EndedAt >= since);
        if (filter.Socket is { Value: var socket })
        {
            sessions = sessions.Where(session => session.SocketId == socket);
        }

        if (filter.Connector is { Value: var connector })
        {
            sessions = sessions.Where(session => session.ConnectorId == connector);
        }

        if (filter.Replica is { Value: var replica })
        {
            sessions = sessions.Where(session => session.ReplicaId == replica);
        }

        if (filter.Client is { } client)
        {
            var address = client.Address.ToString();
            sessions = sessions.Where(session => session.ClientAddress == address);
            sessions = client.Port == 0 ? sessions : sessions.Where(session => session.ClientPort == client.Port);
        }

        if (filter.Until?.ToUnixTimeMilliseconds() is { } until)
        {
            sessions = sessions.Where(session => session.StartedAt <= until);
        }

        return sessions;
    }

    private void TrimWhenDue(ControlDbContext db, string connectorId, int count)
    {
        var appended = sinceTrim.TryGetValue(connectorId, out var before) ? before + count : int.MaxValue;
        if (appended < Math.Max(1, options.SessionsKeptPerConnector / 20))
        {
            sinceTrim[connectorId] = appended;
            return;
        }

        var sessions = db.Sessions.Where(session => session.ConnectorId == connectorId);
        var lastToGo = sessions.OrderByDescending(session => session.Id).Select(session => session.Id).Skip(options.SessionsKeptPerConnector).FirstOrDefault();
        if (lastToGo != 0)
        {
            DeleteAll(sessions.Where(session => session.Id <= lastToGo));
        }

        sinceTrim[connectorId] = 0;
    }

    private static int DeleteAll(IQueryable<SessionRow> sessions)
    {
        var all = 0;
        while (DeleteSome(sessions) is > 0 and var deleted)
        {
            all += deleted;
        }

        return all;
    }

    private static int DeleteSome(IQueryable<SessionRow> sessions) => sessions.OrderBy(session => session.Id).Take(DeleteBatch).ExecuteDelete();
}
