using System.Collections.Concurrent;
using Connector.Protocol.Ids;

namespace Connector.Server.Feed;

/// <summary>What each edge last said of listeners and links; in memory, because an edge that comes back says it again. Thread-safe.</summary>
internal sealed class EdgeObservations(TimeProvider? clock = null)
{
    private readonly ConcurrentDictionary<EdgeId, EdgeObservation> edges = new();
    private readonly TimeProvider time = clock ?? TimeProvider.System;

    /// <summary>The edges that have said something, by id.</summary>
    public IReadOnlyList<EdgeObservation> All => [.. edges.Values.OrderBy(edge => edge.Id.Value, StringComparer.Ordinal)];

    /// <summary>Null when this edge has said nothing.</summary>
    public EdgeObservation? Find(EdgeId edge) => edges.GetValueOrDefault(edge);

    /// <summary>For an edge that speaks; callers know it from the store, so there are no more than edges.</summary>
    public EdgeObservation Of(EdgeId edge) => edges.GetOrAdd(edge, static (id, time) => new EdgeObservation(id, time), time);

    public void Forget(EdgeId edge) => edges.TryRemove(edge, out _);

    /// <summary>Forgets what is not there any more.</summary>
    public void Keep(EdgeState state)
    {
        if (edges.IsEmpty)
        {
            return;
        }

        var sockets = state.Sockets.Select(socket => socket.Id).ToHashSet();
        foreach (var edge in edges.Values)
        {
            edge.Keep(sockets, state.Connectors);
        }
    }
}
