using System.Collections.Concurrent;
using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Feed;

/// <summary>What the edge last said of listeners and links; in memory, because a restarted edge says it again.</summary>
internal sealed class EdgeObservations
{
    /// <summary>Beyond it new subjects are not noted: the edge only knows subjects from the feed, so more is a fault.</summary>
    private const int MaxSubjects = 100_000;

    private readonly ConcurrentDictionary<SocketId, ListenerState> listeners = new();
    private readonly ConcurrentDictionary<ConnectorId, ImmutableArray<ReplicaLinks>> links = new();

    /// <param name="Failure">Null while the listener accepts connections.</param>
    public sealed record ListenerState(int Port, string? Failure);

    public ListenerState? Listener(SocketId socketId) => listeners.GetValueOrDefault(socketId);

    public ImmutableArray<ReplicaLinks> Links(ConnectorId connectorId)
        => links.TryGetValue(connectorId, out var replicas) && !replicas.IsDefault ? replicas : [];

    /// <returns>Whether this is news.</returns>
    public bool Note(SocketId socketId, ListenerState state)
    {
        if (listeners.TryGetValue(socketId, out var known) && known == state)
        {
            return false;
        }

        if (known is not null || listeners.Count < MaxSubjects)
        {
            listeners[socketId] = state;
        }

        return true;
    }

    public void Note(ConnectorId connectorId, ImmutableArray<ReplicaLinks> replicas)
    {
        if (replicas.IsDefaultOrEmpty)
        {
            links.TryRemove(connectorId, out _);
        }
        else if (links.Count < MaxSubjects || links.ContainsKey(connectorId))
        {
            links[connectorId] = replicas;
        }
    }

    /// <summary>Forgets what is not there any more.</summary>
    public void Keep(EdgeState state)
    {
        var sockets = state.Sockets.Select(socket => socket.Id).ToHashSet();
        foreach (var id in listeners.Keys.Where(id => !sockets.Contains(id)))
        {
            listeners.TryRemove(id, out _);
        }

        foreach (var id in links.Keys.Where(id => !state.Connectors.Contains(id)))
        {
            links.TryRemove(id, out _);
        }
    }
}
