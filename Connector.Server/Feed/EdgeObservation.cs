using System.Collections.Concurrent;
using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Feed;

/// <summary>What one edge last said of its listeners and links. Thread-safe.</summary>
internal sealed class EdgeObservation(EdgeId id, TimeProvider time)
{
    /// <summary>Beyond it new subjects are not noted: an edge only knows subjects from the feed, so more is a fault.</summary>
    private const int MaxSubjects = 100_000;

    private readonly ConcurrentDictionary<SocketId, (ListenerState State, long Telling)> listeners = new();
    private readonly ConcurrentDictionary<ConnectorId, Noted> links = new();

    // Which telling of everything this is; what was not told again in it is over when it is complete.
    private long telling;
    private long heardAt = time.GetTimestamp();

    public EdgeId Id => id;

    /// <summary>Since the edge said anything at all.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Interlocked.Read(ref heardAt));

    public void Hear() => Interlocked.Exchange(ref heardAt, time.GetTimestamp());

    public ListenerState? Listener(SocketId socketId) => listeners.TryGetValue(socketId, out var noted) ? noted.State : null;

    public ImmutableArray<ReplicaLinks> Links(ConnectorId connectorId) => links.TryGetValue(connectorId, out var noted) ? noted.Replicas : [];

    /// <summary>How long ago the edge spoke of the connector's links; null when it knows none.</summary>
    public TimeSpan? SilenceOf(ConnectorId connectorId) => links.TryGetValue(connectorId, out var noted) ? time.GetElapsedTime(noted.At) : null;

    /// <returns>Whether this is news.</returns>
    public bool Note(SocketId socketId, ListenerState state)
    {
        Hear();
        var known = listeners.TryGetValue(socketId, out var noted) ? noted.State : null;
        if (known is not null || listeners.Count < MaxSubjects)
        {
            listeners[socketId] = (state, Interlocked.Read(ref telling));
        }

        return known != state;
    }

    public void Note(ConnectorId connectorId, ImmutableArray<ReplicaLinks> replicas)
    {
        Hear();
        if (replicas.IsDefaultOrEmpty)
        {
            links.TryRemove(connectorId, out _);
        }
        else if (links.Count < MaxSubjects || links.ContainsKey(connectorId))
        {
            var before = Links(connectorId);
            links[connectorId] = new Noted(
                [.. replicas.Select(replica => replica with { PathSince = PathSince(replica, before) })], time.GetTimestamp(), Interlocked.Read(ref telling));
        }
    }

    /// <summary>The edge begins to say everything anew.</summary>
    public void BeginTelling()
    {
        Hear();
        Interlocked.Increment(ref telling);
    }

    /// <summary>The edge has said everything: what it did not say again is over.</summary>
    public void EndTelling()
    {
        var now = Interlocked.Read(ref telling);
        foreach (var old in listeners.Where(entry => entry.Value.Telling != now))
        {
            listeners.TryRemove(old);
        }

        foreach (var old in links.Where(entry => entry.Value.Telling != now))
        {
            links.TryRemove(old);
        }
    }

    /// <summary>Forgets what is not there any more.</summary>
    public void Keep(IReadOnlySet<SocketId> sockets, IReadOnlySet<ConnectorId> connectors)
    {
        foreach (var socket in listeners.Keys.Where(socket => !sockets.Contains(socket)))
        {
            listeners.TryRemove(socket, out _);
        }

        foreach (var connector in links.Keys.Where(connector => !connectors.Contains(connector)))
        {
            links.TryRemove(connector, out _);
        }
    }

    private DateTimeOffset PathSince(ReplicaLinks replica, ImmutableArray<ReplicaLinks> before)
        => before.FirstOrDefault(known => known.ReplicaId == replica.ReplicaId && known.BootId == replica.BootId) is { PathSince: { } since } known && known.Path.On == replica.Path.On
            ? since
            : time.GetUtcNow();

    private sealed record Noted(ImmutableArray<ReplicaLinks> Replicas, long At, long Telling);
}
