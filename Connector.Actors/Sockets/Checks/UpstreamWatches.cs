using System.Diagnostics.CodeAnalysis;
using Connector.Protocol.Ids;

namespace Connector.Actors.Sockets.Checks;

/// <summary>All watches of a replica, by socket and by when they are due. Belongs to one actor and outlives its restarts.</summary>
internal sealed class UpstreamWatches
{
    private readonly Dictionary<SocketId, UpstreamWatch> bySocket = [];
    private readonly PriorityQueue<UpstreamWatch, TimeSpan> due = new();
    private readonly Queue<UpstreamWatch> waiting = new();

    public IEnumerable<UpstreamWatch> All => bySocket.Values;

    /// <summary>When something is due next; null for never.</summary>
    public TimeSpan? NextDue => due.TryPeek(out _, out var at) ? at : null;

    public UpstreamWatch? Find(SocketId socketId) => bySocket.GetValueOrDefault(socketId);

    public bool IsCurrent(UpstreamWatch watch) => bySocket.TryGetValue(watch.SocketId, out var current) && current == watch;

    public void Put(UpstreamWatch watch) => bySocket[watch.SocketId] = watch;

    public void Remove(SocketId socketId) => bySocket.Remove(socketId);

    /// <summary>Each watch is in here once: one that was replaced or removed leaves when its time comes.</summary>
    public void Schedule(UpstreamWatch watch, TimeSpan at) => due.Enqueue(watch, at);

    public IEnumerable<UpstreamWatch> TakeDue(TimeSpan now)
    {
        while (due.TryPeek(out var watch, out var at) && at <= now)
        {
            due.Dequeue();
            if (IsCurrent(watch))
                yield return watch;
        }
    }

    public void Wait(UpstreamWatch watch) => waiting.Enqueue(watch);

    /// <summary>The one that has waited longest for its turn.</summary>
    public bool TryTakeWaiting([NotNullWhen(true)] out UpstreamWatch? watch)
    {
        while (waiting.TryDequeue(out watch))
        {
            if (IsCurrent(watch))
                return true;
        }

        return false;
    }
}
