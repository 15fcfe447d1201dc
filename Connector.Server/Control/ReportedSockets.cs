using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>
/// What the replicas of one connector said of their sockets on the present control session, and how long ago. Ages are measured here from the
/// arrival of what was said, so that nobody's clock and nobody's silence makes a lamp look fresh. Belongs to one actor.
/// </summary>
internal sealed class ReportedSockets(TimeProvider time)
{
    private const int MaxSockets = 16_384;
    private const int MaxReplicas = 64;

    private readonly Dictionary<(ReplicaId, SocketId), Entry> sockets = [];
    private readonly Dictionary<(ReplicaId, uint), Entry> byRef = [];
    private readonly Dictionary<ReplicaId, Replica> replicas = [];

    public void Take(SocketReport report)
    {
        var now = time.GetTimestamp();
        if (!replicas.TryGetValue(report.ReplicaId, out var replica))
        {
            if (replicas.Count >= MaxReplicas)
            {
                return;
            }

            replicas[report.ReplicaId] = replica = new Replica();
        }

        replica.HeardAt = now;
        if (!report.Paths.IsEmpty)
        {
            (replica.Paths, replica.PathsAt) = (report.Paths, now);
        }

        foreach (var (status, reference) in report.Statuses)
        {
            Take(status, reference, now);
        }

        foreach (var (reference, age) in report.Proofs)
        {
            if (byRef.TryGetValue((report.ReplicaId, reference), out var entry) && entry.State.Upstream is { } lamp)
            {
                entry.State = entry.State with { Upstream = lamp with { Age = age } };
                entry.LampAt = now;
            }
        }
    }

    public void Clear()
    {
        sockets.Clear();
        byRef.Clear();
        replicas.Clear();
    }

    public ImmutableArray<ConnectorsProtocol.SocketState> Sockets()
        =>
        [
            .. sockets.Values.OrderBy(entry => entry.State.SocketId.Value, StringComparer.Ordinal).ThenBy(entry => entry.State.ReplicaId.Value, StringComparer.Ordinal)
                .Select(entry => entry.State with { Upstream = entry.State.Upstream?.Later(time.GetElapsedTime(entry.LampAt)) }),
        ];

    public ImmutableArray<ReplicaReport> Replicas()
        =>
        [
            .. replicas.OrderBy(replica => replica.Key.Value, StringComparer.Ordinal).Select(replica => new ReplicaReport(
                replica.Key,
                time.GetElapsedTime(replica.Value.HeardAt),
                [.. replica.Value.Paths.Select(path => path with { Link = path.Link.Later(time.GetElapsedTime(replica.Value.PathsAt)) })])),
        ];

    private void Take(ConnectorsProtocol.SocketState status, uint reference, long now)
    {
        var key = (status.ReplicaId, status.SocketId);
        if (status.State == "gone")
        {
            if (sockets.Remove(key, out var gone))
            {
                byRef.Remove((status.ReplicaId, gone.Ref));
            }

            return;
        }

        if (!sockets.TryGetValue(key, out var entry))
        {
            if (sockets.Count >= MaxSockets)
            {
                return;
            }

            sockets[key] = entry = new Entry(status);
        }

        if (entry.Ref != reference)
        {
            byRef.Remove((status.ReplicaId, entry.Ref));
            entry.Ref = reference;
        }

        (entry.State, entry.LampAt) = (status, now);
        if (reference != 0)
        {
            byRef[(status.ReplicaId, reference)] = entry;
        }
    }

    private sealed class Entry(ConnectorsProtocol.SocketState state)
    {
        public ConnectorsProtocol.SocketState State { get; set; } = state;

        public uint Ref { get; set; }

        public long LampAt { get; set; }
    }

    private sealed class Replica
    {
        public long HeardAt { get; set; }

        public ImmutableArray<ReportedPath> Paths { get; set; } = [];

        public long PathsAt { get; set; }
    }
}
