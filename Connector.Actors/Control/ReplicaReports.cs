using Connector.Actors.Sockets;
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

    private readonly Dictionary<string, SocketStatus> sockets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PluginStatus> plugins = new(StringComparer.Ordinal);
    private readonly HashSet<string> untoldSockets = new(StringComparer.Ordinal);
    private readonly HashSet<string> gone = new(StringComparer.Ordinal);
    private readonly HashSet<string> untoldPlugins = new(StringComparer.Ordinal);

    public void Add(SocketSupervisorProtocol.SocketStatusChanged status)
    {
        var id = status.SocketId.Value;
        if (status.State == "gone")
        {
            untoldSockets.Remove(id);

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
        };
        untoldSockets.Add(id);
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
        untoldPlugins.UnionWith(plugins.Keys);
    }

    public List<ControlStreamRequest> Take()
    {
        var messages = new List<ControlStreamRequest>();
        foreach (var part in untoldSockets.Order(StringComparer.Ordinal).Chunk(MostPerMessage))
        {
            var report = new SocketStatusReport { ReplicaId = replicaId.Value };
            report.Sockets.Add(part.Select(id => sockets[id]));
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

    private static string Bounded(string reason) => reason.Length > LongestReason ? reason[..LongestReason] : reason;
}
