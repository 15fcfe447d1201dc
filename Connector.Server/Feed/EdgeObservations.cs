using System.Collections.Concurrent;
using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Feed;

/// <summary>What the edge last said of listeners and links; in memory, because a restarted edge says it again.</summary>
internal sealed class EdgeObservations(TimeProvider? clock = null)
{
    /// <summary>Beyond it new subjects are not noted: the edge only knows subjects from the feed, so more is a fault.</summary>
    private const int MaxSubjects = 100_000;

    private readonly ConcurrentDictionary<SocketId, ListenerState> listeners = new();
    private readonly ConcurrentDictionary<ConnectorId, Noted> links = new();
    private readonly TimeProvider time = clock ?? TimeProvider.System;

    /// <param name="Failure">Null while the listener accepts connections.</param>
    public sealed record ListenerState(int Port, string? Failure);

    public ListenerState? Listener(SocketId socketId) => listeners.GetValueOrDefault(socketId);

    public ImmutableArray<ReplicaLinks> Links(ConnectorId connectorId)
        => links.TryGetValue(connectorId, out var noted) ? noted.Replicas : [];

    /// <summary>How long ago the edge spoke of the connector's links; null when it knows none.</summary>
    public TimeSpan? Silence(ConnectorId connectorId)
        => links.TryGetValue(connectorId, out var noted) ? time.GetElapsedTime(noted.At) : null;

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
            var before = Links(connectorId);
            links[connectorId] = new Noted([.. replicas.Select(replica => replica with { PathSince = PathSince(replica, before) })], time.GetTimestamp());
        }
    }

    private DateTimeOffset PathSince(ReplicaLinks replica, ImmutableArray<ReplicaLinks> before)
        => before.FirstOrDefault(known => known.ReplicaId == replica.ReplicaId && known.BootId == replica.BootId) is { PathSince: { } since } known && known.Path.On == replica.Path.On
            ? since
            : time.GetUtcNow();

    private sealed record Noted(ImmutableArray<ReplicaLinks> Replicas, long At);

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
