using System.Collections.Concurrent;
using Connector.Protocol.Ids;
using Connector.Server.Store;

namespace Connector.Server.Feed;

/// <summary>Sessions that edges say are running; in memory, since they end with their edge. Thread-safe.</summary>
internal sealed class LiveSessions
{
    /// <summary>Four times what one edge can have. Beyond it new ones are not shown while they run; their records are kept as ever.</summary>
    public const int Most = 65_536;

    private readonly ConcurrentDictionary<Guid, (SessionRecord Session, long Telling)> sessions = new();

    // By edge: which telling of all its sessions this is.
    private readonly ConcurrentDictionary<EdgeId, long> tellings = new();

    public int Count => sessions.Count;

    public void Add(SessionRecord session)
    {
        if (sessions.Count < Most)
        {
            sessions[session.Id] = (session, tellings.GetValueOrDefault(session.EdgeId));
        }
    }

    public void Remove(Guid id) => sessions.TryRemove(id, out _);

    /// <summary>The edge begins to name its sessions anew.</summary>
    public void BeginTelling(EdgeId edge) => tellings.AddOrUpdate(edge, 1, static (_, telling) => telling + 1);

    /// <summary>The edge has named them all: the others are over, though it could not say so.</summary>
    public void EndTelling(EdgeId edge)
    {
        var now = tellings.GetValueOrDefault(edge);
        foreach (var old in sessions.Where(entry => entry.Value.Session.EdgeId == edge && entry.Value.Telling != now))
        {
            sessions.TryRemove(old);
        }
    }

    /// <summary>The edge is no more.</summary>
    public void Forget(EdgeId edge)
    {
        foreach (var old in sessions.Where(entry => entry.Value.Session.EdgeId == edge))
        {
            sessions.TryRemove(old);
        }

        tellings.TryRemove(edge, out _);
    }

    /// <summary>Newest first.</summary>
    public IReadOnlyList<SessionRecord> Matching(SessionFilter filter)
        => [.. sessions.Values.Select(entry => entry.Session).Where(session => Matches(session, filter)).OrderByDescending(session => session.StartedAt).ThenBy(session => session.Id)];

    private static bool Matches(SessionRecord session, SessionFilter filter)
        => (filter.Socket is not { } socket || session.SocketId == socket)
            && (filter.Connector is not { } connector || session.ConnectorId == connector)
            && (filter.Replica is not { } replica || session.ReplicaId == replica)
            && (filter.Client is not { } client || (session.Client.Address.Equals(client.Address) && (client.Port == 0 || session.Client.Port == client.Port)))
            && (filter.Until is not { } until || session.StartedAt <= until);
}
