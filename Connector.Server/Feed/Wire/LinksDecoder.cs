using System.Collections.Immutable;
using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Connector.Relay.Links;

namespace Connector.Server.Feed.Wire;

/// <summary>What one stream told of links, put together again. Of one stream; not thread-safe.</summary>
internal sealed class LinksDecoder
{
    /// <summary>Ids of sockets that one stream's replicas are said to serve, all together.</summary>
    private const int MaxIds = 2_000_000;

    private const int MaxConnectors = 100_000;
    private const int MaxReplicas = 1_024;

    private readonly Dictionary<ConnectorId, List<Replica>> connectors = [];
    private readonly HashSet<ConnectorId> touched = [];
    private int ids;

    /// <exception cref="FeedProtocolException">More than an edge can have, or of a replica that was not named.</exception>
    public void Take(LinksReport report)
    {
        var connector = new ConnectorId(report.ConnectorId);
        if (report.ConnectorId.Length is 0 or > FeedBounds.MaxName || report.Replicas.Count > MaxReplicas
            || (connectors.Count >= MaxConnectors && !connectors.ContainsKey(connector)))
        {
            throw new FeedProtocolException($"a report of links names no connector, {report.Replicas.Count} replicas, or one connector more than {MaxConnectors}");
        }

        var before = connectors.GetValueOrDefault(connector) ?? [];
        var now = new List<Replica>();
        foreach (var wire in report.Replicas)
        {
            var boot = BootOf(wire.BootId);
            var replica = before.Find(known => known.Id.Value == wire.ReplicaId && known.Boot == boot) ?? new Replica(new ReplicaId(wire.ReplicaId), boot);
            replica.Numbers = wire;
            now.Add(replica);
        }

        ids -= before.Except(now).Sum(gone => gone.Serves.Count + gone.Off.Count);
        if (now.Count == 0)
        {
            connectors.Remove(connector);
        }
        else
        {
            connectors[connector] = now;
        }

        touched.Add(connector);
    }

    /// <inheritdoc cref="Take(LinksReport)"/>
    public void Take(ServedReport report)
    {
        var boot = BootOf(report.BootId);
        var connector = new ConnectorId(report.ConnectorId);
        var replica = connectors.GetValueOrDefault(connector)?.Find(known => known.Id.Value == report.ReplicaId && known.Boot == boot)
            ?? throw new FeedProtocolException($"a report says what replica {FeedBounds.Cut(report.ReplicaId, 60)} serves, which has no link");
        Change(replica.Serves, report.Serves, report.ServesNoMore);
        Change(replica.Off, report.UpstreamOff, report.UpstreamNotOff);
        replica.Changed();
        if (ids > MaxIds)
        {
            throw new FeedProtocolException($"the replicas are said to serve more than {MaxIds} sockets together");
        }

        touched.Add(connector);
    }

    /// <summary>What has changed since the last call, each connector once.</summary>
    public IReadOnlyList<EdgeReport.LinksChanged> Drain()
    {
        EdgeReport.LinksChanged[] changed =
            [.. touched.Select(connector => new EdgeReport.LinksChanged(connector, [.. (connectors.GetValueOrDefault(connector) ?? []).Select(replica => replica.Links())]))];
        touched.Clear();
        return changed;
    }

    internal static BootId BootOf(Google.Protobuf.ByteString bytes)
        => bytes.Length == BootId.Size ? BootId.Read(bytes.Span) : throw new FeedProtocolException($"a boot id has {bytes.Length} bytes, expected {BootId.Size}");

    private void Change(HashSet<SocketId> set, IEnumerable<string> more, IEnumerable<string> less)
    {
        foreach (var id in more)
        {
            ids += set.Add(new SocketId(id)) ? 1 : 0;
        }

        foreach (var id in less)
        {
            ids -= set.Remove(new SocketId(id)) ? 1 : 0;
        }
    }

    private sealed class Replica(ReplicaId id, BootId boot)
    {
        private ImmutableArray<SocketId> serves = [];
        private ImmutableArray<SocketId> off = [];
        private bool changed;

        public ReplicaId Id => id;

        public BootId Boot => boot;

        public HashSet<SocketId> Serves { get; } = [];

        public HashSet<SocketId> Off { get; } = [];

        public Connector.Protocol.Control.EdgeWire.ReplicaReport Numbers { get; set; } = new();

        public void Changed() => changed = true;

        // The lists are made anew only when they have changed: the numbers come every few seconds.
        public ReplicaLinks Links()
        {
            if (changed)
            {
                (serves, off, changed) = ([.. Serves.OrderBy(socket => socket.Value, StringComparer.Ordinal)], [.. Off.OrderBy(socket => socket.Value, StringComparer.Ordinal)], false);
            }

            return new ReplicaLinks(id, boot, Numbers.Lanes, Numbers.LiveStreams, Numbers.Draining, serves)
            {
                Path = new PathProof(Numbers.PathOn, Numbers.HasPathAgeMs ? TimeSpan.FromMilliseconds(Math.Clamp(Numbers.PathAgeMs, 0, int.MaxValue)) : null),
                UpstreamsOff = off,
            };
        }
    }
}
