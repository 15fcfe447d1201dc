using Connector.Protocol.Ids;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Server.Api;

/// <summary>How a socket fares: the best that one of its replicas says, and each of them.</summary>
/// <param name="State">serving, starting, failed, unsupported, offline, or unknown.</param>
internal sealed record SocketStatusAnswer(string State, string? Reason, IReadOnlyList<SocketStatusAnswer.ReplicaStatus> Replicas)
{
    /// <summary>Best first: one replica that serves is enough.</summary>
    private static readonly string[] Ranking = ["serving", "starting", "failed", "unsupported"];

    /// <param name="State">As for the socket; unknown for a replica of which only the edge knows.</param>
    /// <param name="Online">All three lamps are on: proven from end to end, over one edge at least.</param>
    /// <param name="Path">The best of <paramref name="Paths"/>.</param>
    /// <param name="Paths">Over each edge.</param>
    internal sealed record ReplicaStatus(
        string ReplicaId, string ConnectorId, string State, string? Reason, int LiveStreams, DateTime? Since, bool Online, LampAnswer Control, LampAnswer Path,
        IReadOnlyList<EdgeLampAnswer> Paths, LampAnswer Upstream);

    /// <param name="sessions">Of the connectors that are to serve the socket.</param>
    public static SocketStatusAnswer Of(SocketId socketId, IReadOnlyCollection<SessionState> sessions, IReadOnlyList<EdgeView> edges)
    {
        var replicas = sessions.SelectMany(session => Each(socketId, session, edges))
            .OrderBy(replica => replica.ReplicaId, StringComparer.Ordinal)
            .ToList();
        var best = replicas.Where(replica => Ranking.Contains(replica.State)).MinBy(replica => Array.IndexOf(Ranking, replica.State));
        if (best is not null)
        {
            return new SocketStatusAnswer(best.State, best.Reason, replicas);
        }

        var (state, reason) = sessions switch
        {
            { Count: 0 } => ("offline", "no connector is to serve it; name one in connector_ids"),
            // A client without a replica id does not speak our reports: nobody will ever say how its sockets fare.
            _ when sessions.Any(session => session is { State: "online", Leader: not null }) => ("starting", "the connector has not said yet how it fares"),
            _ when sessions.Any(session => session.State == AkkaConnectorSessions.Unknown) => ("unknown", "the control session did not answer in time"),
            _ when sessions.Any(session => session.State == "online")
                => ("unknown", "the connected client does not report how its sockets fare; a replica of this product does"),
            _ => ("offline", "no replica of its connectors is connected"),
        };
        return new SocketStatusAnswer(state, reason, replicas);
    }

    private static IEnumerable<ReplicaStatus> Each(SocketId socketId, SessionState session, IReadOnlyList<EdgeView> edges)
    {
        var told = session.State == "online" && !session.Sockets.IsDefault
            ? session.Sockets.Where(socket => socket.SocketId == socketId).ToList()
            : [];
        foreach (var socket in told)
        {
            yield return Of(socketId, socket.ReplicaId, socket, session, edges);
        }

        // Served without a control session: its lamps say which part is missing.
        foreach (var replica in edges.SelectMany(edge => edge.Links(session.ConnectorId)).Where(link => link.Lanes > 0 && link.Sockets.Contains(socketId))
            .Select(link => link.ReplicaId).Distinct())
        {
            if (told.TrueForAll(socket => socket.ReplicaId != replica))
            {
                yield return Of(socketId, replica, null, session, edges);
            }
        }
    }

    private static ReplicaStatus Of(SocketId socketId, ReplicaId replicaId, SocketState? socket, SessionState session, IReadOnlyList<EdgeView> edges)
    {
        var report = session.Reports.FirstOrDefault(known => known.ReplicaId == replicaId);
        var control = LampDecision.Control(session, replicaId, report);
        var paths = edges.Select(edge => edge.Path(socketId, edge.LinksOf(replicaId, session), session.ConnectorId, report)).ToList();
        var path = LampDecision.Best(paths);
        var upstream = LampDecision.Upstream(socket?.Upstream, report);
        return new ReplicaStatus(
            replicaId.Value, session.ConnectorId.Value, socket?.State ?? "unknown",
            socket is null ? "it serves on the edge, and has said nothing of it on a control session" : Filled(socket.Reason),
            socket?.LiveStreams ?? 0, socket?.Since.UtcDateTime, socket?.State == "serving" && control.IsOn && path.IsOn && upstream.IsOn, control, path,
            [.. edges.Zip(paths, EdgeLampAnswer.Of)], upstream);
    }

    private static string? Filled(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
