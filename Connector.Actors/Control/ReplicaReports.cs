using Connector.Actors.Links;
using Connector.Actors.Sockets;
using Connector.Actors.Sockets.Checks;
using Connector.Actors.State;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Actors.Control;

/// <summary>
/// The states of sockets and plugins as last heard, and which of them the control plane has not been told. Only the latest state of each is
/// kept, so that its size is bounded by the number of sockets. Not thread-safe: it belongs to one actor.
/// </summary>
internal sealed class ReplicaReports(ReplicaId replicaId)
{
    // Keeps one message far below the 4 MiB that a gRPC peer accepts by default.
    private const int MostPerMessage = 2_000;
    private const int LongestReason = 512;
    private const int MostProofs = 50_000;

    private readonly Dictionary<string, SocketStatus> sockets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PluginStatus> plugins = new(StringComparer.Ordinal);
    private readonly HashSet<string> untoldSockets = new(StringComparer.Ordinal);
    private readonly HashSet<string> gone = new(StringComparer.Ordinal);
    private readonly HashSet<string> untoldPlugins = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Health.Lamp> upstreams = new(StringComparer.Ordinal);
    private readonly HashSet<string> provenAgain = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, LinkPath> paths = new(StringComparer.Ordinal);
    private bool pathsUntold;
    private uint lastRef;

    public int LiveStreams => sockets.Values.Sum(socket => socket.LiveStreams);

    public void Add(SocketSupervisorProtocol.SocketStatusChanged status)
    {
        var id = status.SocketId.Value;
        if (status.State == "gone")
        {
            untoldSockets.Remove(id);
            upstreams.Remove(id);
            provenAgain.Remove(id);

            // The control plane keeps the last word on each socket; what is not told here is gone at its end with the next configuration.
            if (sockets.Remove(id) && gone.Count < MostPerMessage)
                gone.Add(id);
            return;
        }

        gone.Remove(id);
        sockets[id] = new SocketStatus
        {
            SocketId = id,
            State = status.State,
            Reason = Bounded(status.Reason),
            LiveStreams = status.LiveStreams,
            Since = Timestamp.FromDateTimeOffset(status.Since),
            Ref = sockets.GetValueOrDefault(id)?.Ref ?? ++lastRef,
        };
        untoldSockets.Add(id);
    }

    /// <summary>True when it is worth a report at once.</summary>
    public bool Add(UpstreamCheckProtocol.UpstreamLampsChanged lamps)
    {
        var news = false;
        foreach (var (socketId, lamp) in lamps.Lamps)
        {
            // Late, of a socket that is gone: its entry would stay for good.
            if (!sockets.ContainsKey(socketId.Value))
                continue;
            var before = upstreams.GetValueOrDefault(socketId.Value);
            upstreams[socketId.Value] = lamp;
            if (before is not null && before.State == lamp.State && before.Reason == lamp.Reason)
            {
                provenAgain.Add(socketId.Value);
            }
            else
            {
                untoldSockets.Add(socketId.Value);
                news = true;
            }
        }

        return news;
    }

    /// <summary>True when it is worth a report at once.</summary>
    public bool Add(LinkPath path)
    {
        var before = paths.GetValueOrDefault(path.EdgeId.Value);
        if (path.Lamp is null)
            paths.Remove(path.EdgeId.Value);
        else
            paths[path.EdgeId.Value] = path;
        if (before?.Lamp?.State == path.Lamp?.State && before?.Lamp?.Reason == path.Lamp?.Reason && ReferenceEquals(before?.Answers, path.Answers))
            return false;
        pathsUntold = true;
        return true;
    }

    /// <summary>
    /// How old the proofs are now, of everything that has not changed, in two numbers for each socket that was proven again. To be said also when
    /// there is nothing: a replica that says nothing is taken for silent.
    /// </summary>
    public ControlStreamRequest Refresh(TimeSpan now)
    {
        var proofs = new LampProofs();
        foreach (var id in provenAgain)
        {
            if (proofs.Refs.Count == MostProofs)
                break;
            if (untoldSockets.Contains(id) || sockets.GetValueOrDefault(id) is not { } socket || upstreams.GetValueOrDefault(id)?.ProvenAt is not { } proven)
                continue;
            proofs.Refs.Add(socket.Ref);
            proofs.AgeMs.Add(LampWriter.AgeMilliseconds(proven, now));
        }

        provenAgain.Clear();
        var report = new SocketStatusReport { ReplicaId = replicaId.Value, UpstreamProofs = proofs };
        WritePaths(report, now);
        return new ControlStreamRequest { SocketStatus = report };
    }

    public void Add(DesiredStateProtocol.PluginStatusChanged status)
    {
        var id = status.PluginId.Value;
        if (status.State == "gone")
        {
            plugins.Remove(id);
            untoldPlugins.Remove(id);
            return;
        }

        plugins[id] = new PluginStatus { PluginId = id, State = status.State, Reason = Bounded(status.Reason) };
        untoldPlugins.Add(id);
    }

    /// <summary>The next report is the whole set: the control plane behind a new stream may know nothing.</summary>
    public void EverythingAgain()
    {
        untoldSockets.UnionWith(sockets.Keys);
        pathsUntold = paths.Count > 0;
        untoldPlugins.UnionWith(plugins.Keys);
    }

    /// <param name="now">By <see cref="Health.Lamp.Now"/>.</param>
    public List<ControlStreamRequest> Take(TimeSpan now)
    {
        var messages = new List<ControlStreamRequest>();
        foreach (var part in untoldSockets.Order(StringComparer.Ordinal).Chunk(MostPerMessage))
        {
            var report = new SocketStatusReport { ReplicaId = replicaId.Value };
            report.Sockets.Add(part.Select(id => WithLamp(id, now)));
            messages.Add(new ControlStreamRequest { SocketStatus = report });
        }

        if (pathsUntold)
        {
            var report = new SocketStatusReport { ReplicaId = replicaId.Value };
            WritePaths(report, now);
            messages.Add(new ControlStreamRequest { SocketStatus = report });
        }

        if (gone.Count > 0)
        {
            var report = new SocketStatusReport { ReplicaId = replicaId.Value };
            report.Sockets.Add(gone.Order(StringComparer.Ordinal).Select(id => new SocketStatus { SocketId = id, State = "gone" }));
            messages.Add(new ControlStreamRequest { SocketStatus = report });
            gone.Clear();
        }

        foreach (var part in untoldPlugins.Order(StringComparer.Ordinal).Chunk(MostPerMessage))
        {
            var report = new PluginStatusReport { ReplicaId = replicaId.Value };
            report.Plugins.Add(part.Select(id => plugins[id]));
            messages.Add(new ControlStreamRequest { PluginStatus = report });
        }

        untoldSockets.Clear();
        untoldPlugins.Clear();
        return messages;
    }

    // What was handed to the transport is not ours to change any more.
    private SocketStatus WithLamp(string id, TimeSpan now)
    {
        provenAgain.Remove(id);
        if (sockets[id].State != SocketStates.Serving || !upstreams.TryGetValue(id, out var lamp))
            return sockets[id];
        var status = sockets[id].Clone();
        status.Upstream = LampWriter.Write(lamp, now);
        return status;
    }

    private void WritePaths(SocketStatusReport report, TimeSpan now)
    {
        pathsUntold = false;
        var served = sockets.Values.Where(socket => socket.State == SocketStates.Serving).Select(socket => new SocketId(socket.SocketId)).ToArray();
        report.Paths.Add(paths.Values.Select(path => LampWriter.Write(path, served, now)));
    }

    private static string Bounded(string reason) => reason.Length > LongestReason ? reason[..LongestReason] : reason;
}
