using System.Collections.Concurrent;
using Connector.Server.Store;

namespace Connector.Server.Feed;

/// <summary>Sessions that edges say are running; in memory, since they end with their edge. Thread-safe.</summary>
internal sealed class LiveSessions
{
    /// <summary>Four times what one edge can have. Beyond it new ones are not shown while they run; their records are kept as ever.</summary>
    public const int Most = 65_536;

    private readonly ConcurrentDictionary<Guid, SessionRecord> sessions = new();

    public int Count => sessions.Count;

    public void Add(SessionRecord session)
    {
        if (sessions.Count < Most)
        {
            sessions[session.Id] = session;
        }
    }

    public void Remove(Guid id) => sessions.TryRemove(id, out _);

    /// <summary>Newest first.</summary>
    public IReadOnlyList<SessionRecord> Matching(SessionFilter filter)
        => [.. sessions.Values.Where(session => Matches(session, filter)).OrderByDescending(session => session.StartedAt).ThenBy(session => session.Id)];

    private static bool Matches(SessionRecord session, SessionFilter filter)
        => (filter.Socket is not { } socket || session.SocketId == socket)
            && (filter.Connector is not { } connector || session.ConnectorId == connector)
            && (filter.Replica is not { } replica || session.ReplicaId == replica)
            && (filter.Client is not { } client || (session.Client.Address.Equals(client.Address) && (client.Port == 0 || session.Client.Port == client.Port)))
            && (filter.Until is not { } until || session.StartedAt <= until);
}
