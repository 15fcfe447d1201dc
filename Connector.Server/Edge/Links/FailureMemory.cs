using System.Collections.Concurrent;
using Connector.Protocol.Ids;

namespace Connector.Server.Edge.Links;

/// <summary>
/// Remembers for a while which replica could not open streams of which socket: reachability is each replica's own. Others are asked first; one success forgives. A
/// replica that was restarted is another one. Thread-safe.
/// </summary>
internal sealed class FailureMemory(TimeProvider time)
{
    /// <summary>Beyond it, what is forgotten by time is thrown out; if nothing is, new failures are not remembered.</summary>
    private const int MaxEntries = 65_536;

    private readonly ConcurrentDictionary<Key, Avoidance> avoided = new();
    private readonly long start = time.GetTimestamp();

    // Asked for each candidate of each stream: usually there is nothing to look up.
    private int count;

    public int Count => Volatile.Read(ref count);

    public bool Avoids(AdmittedLink link, SocketId socketId)
        => Volatile.Read(ref count) > 0 && avoided.TryGetValue(Key.Of(link, socketId), out var avoidance) && avoidance.Holds(Now);

    public void Failed(AdmittedLink link, SocketId socketId)
    {
        var now = Now;
        if (Count >= MaxEntries)
        {
            Trim();
        }

        var key = Key.Of(link, socketId);
        if (Count < MaxEntries || avoided.ContainsKey(key))
        {
            avoided.AddOrUpdate(key, static (_, now) => Avoidance.After(null, now), static (_, before, now) => Avoidance.After(before, now), now);
            Volatile.Write(ref count, avoided.Count);
        }
    }

    public void Succeeded(AdmittedLink link, SocketId socketId)
    {
        if (Volatile.Read(ref count) > 0 && avoided.TryRemove(Key.Of(link, socketId), out _))
        {
            Volatile.Write(ref count, avoided.Count);
        }
    }

    /// <summary>Throws out what time has forgotten. To be called now and then.</summary>
    public void Trim()
    {
        if (Volatile.Read(ref count) == 0)
        {
            return;
        }

        var now = Now;
        foreach (var old in avoided.Where(entry => entry.Value.IsForgotten(now)))
        {
            avoided.TryRemove(old);
        }

        Volatile.Write(ref count, avoided.Count);
    }

    private TimeSpan Now => time.GetElapsedTime(start);

    private readonly record struct Key(ReplicaId Replica, BootId Boot, SocketId Socket)
    {
        public static Key Of(AdmittedLink link, SocketId socket) => new(link.ReplicaId, link.Key.BootId, socket);
    }
}
