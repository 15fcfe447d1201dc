using System.Diagnostics.CodeAnalysis;
using Connector.Actors.Health;
using Connector.Protocol.Ids;

namespace Connector.Actors.Sockets.Checks;

/// <summary>All watches of a replica, by socket and by when they are due. Belongs to one actor and outlives its restarts.</summary>
internal sealed class UpstreamWatches
{
    private readonly Dictionary<SocketId, UpstreamWatch> bySocket = [];
    private readonly PriorityQueue<UpstreamWatch, TimeSpan> due = new();

    // Those that wait for their turn: with a lamp that is on, and others.
    private readonly Queue<UpstreamWatch> proven = new();
    private readonly Queue<UpstreamWatch> others = new();
    private bool provenIsNext;

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

    public bool HasWaiting => proven.Count + others.Count > 0;

    public void Wait(UpstreamWatch watch) => (watch.Lamp.State == LampState.On ? proven : others).Enqueue(watch);

    /// <summary>Of those with a lamp that is on and of the others in turn, the one that has waited longest.</summary>
    public bool TryTakeWaiting([NotNullWhen(true)] out UpstreamWatch? watch)
    {
        provenIsNext = !provenIsNext;
        return provenIsNext ? TryTakeProven(out watch) || TryTake(others, out watch) : TryTake(others, out watch) || TryTakeProven(out watch);
    }

    /// <summary>As the other, only of those with a lamp that is on.</summary>
    public bool TryTakeProven([NotNullWhen(true)] out UpstreamWatch? watch) => TryTake(proven, out watch);

    public void ForgetWaiting()
    {
        proven.Clear();
        others.Clear();
    }

    private bool TryTake(Queue<UpstreamWatch> waiting, [NotNullWhen(true)] out UpstreamWatch? watch)
    {
        while (waiting.TryDequeue(out watch))
        {
            if (IsCurrent(watch))
                return true;
        }

        return false;
    }
}
