using System.Collections.Immutable;
using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Google.Protobuf;
using WireReplica = Connector.Protocol.Control.EdgeWire.ReplicaReport;

namespace Connector.Server.Feed.Wire;

/// <summary>
/// What one stream was told of links: the few numbers of a replica each time, the thousands of sockets that it may serve only where they have changed. Of one stream;
/// not thread-safe.
/// </summary>
internal sealed class LinksEncoder
{
    private readonly Dictionary<ConnectorId, Dictionary<(ReplicaId, BootId), Told>> told = [];

    public IEnumerable<Report> Encode(EdgeReport.LinksChanged changed)
    {
        var links = new LinksReport { ConnectorId = changed.ConnectorId.Value };
        links.Replicas.AddRange(changed.Replicas.Select(Of));
        yield return new Report { Links = links };

        var before = told.GetValueOrDefault(changed.ConnectorId) ?? [];
        var now = new Dictionary<(ReplicaId, BootId), Told>();
        foreach (var replica in changed.Replicas)
        {
            var key = (replica.ReplicaId, replica.BootId);
            var last = before.GetValueOrDefault(key) ?? Told.Nothing;
            var next = new Told(Of(replica.Sockets), Of(replica.UpstreamsOff));
            now[key] = next;
            foreach (var report in Difference(changed.ConnectorId, replica, last, next))
            {
                yield return report;
            }
        }

        if (now.Count == 0)
        {
            told.Remove(changed.ConnectorId);
        }
        else
        {
            told[changed.ConnectorId] = now;
        }
    }

    private static IEnumerable<Report> Difference(ConnectorId connector, ReplicaLinks replica, Told last, Told next)
    {
        if (last.Serves.SequenceEqual(next.Serves) && last.Off.SequenceEqual(next.Off))
        {
            yield break;
        }

        ServedReport New() => new() { ConnectorId = connector.Value, ReplicaId = replica.ReplicaId.Value, BootId = Of(replica.BootId) };
        var report = New();
        var count = 0;
        foreach (var (list, id) in Ids(last, next))
        {
            list(report).Add(id.Value);
            if (++count >= FeedBounds.MaxIdsPerReport)
            {
                yield return new Report { Served = report };
                (report, count) = (New(), 0);
            }
        }

        if (count > 0)
        {
            yield return new Report { Served = report };
        }
    }

    private static IEnumerable<(Func<ServedReport, Google.Protobuf.Collections.RepeatedField<string>> List, SocketId Id)> Ids(Told last, Told next)
    {
        foreach (var id in next.Serves.Except(last.Serves))
        {
            yield return (report => report.Serves, id);
        }

        foreach (var id in last.Serves.Except(next.Serves))
        {
            yield return (report => report.ServesNoMore, id);
        }

        foreach (var id in next.Off.Except(last.Off))
        {
            yield return (report => report.UpstreamOff, id);
        }

        foreach (var id in last.Off.Except(next.Off))
        {
            yield return (report => report.UpstreamNotOff, id);
        }
    }

    private static ImmutableArray<SocketId> Of(ImmutableArray<SocketId> ids) => ids.IsDefault ? [] : ids;

    private static ByteString Of(BootId boot) => ByteString.CopyFrom(boot.ToArray());

    private static WireReplica Of(ReplicaLinks replica)
    {
        var wire = new WireReplica
        {
            ReplicaId = replica.ReplicaId.Value,
            BootId = Of(replica.BootId),
            Lanes = replica.Lanes,
            LiveStreams = replica.LiveStreams,
            Draining = replica.Draining,
            PathOn = replica.Path.On,
        };
        if (replica.Path.Age is { } age)
        {
            wire.PathAgeMs = (long)age.TotalMilliseconds;
        }

        return wire;
    }

    private sealed record Told(ImmutableArray<SocketId> Serves, ImmutableArray<SocketId> Off)
    {
        public static readonly Told Nothing = new([], []);
    }
}
