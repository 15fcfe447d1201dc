using Connector.Protocol.Ids;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Server.Api;

/// <summary>How a socket fares: the best that one of its replicas says, and each of them.</summary>
/// <param name="State">serving, starting, failed, unsupported, offline, or unknown.</param>
internal sealed record SocketStatusAnswer(string State, string? Reason, IReadOnlyList<SocketStatusAnswer.ReplicaStatus> Replicas)
{
    /// <summary>Best first: one replica that serves is enough.</summary>
    private static readonly string[] Ranking = ["serving", "starting", "failed", "unsupported"];

    internal sealed record ReplicaStatus(
        string ReplicaId, string ConnectorId, string State, string? Reason, int LiveStreams, DateTime Since);

    /// <param name="sessions">Of the connectors that are to serve the socket.</param>
    public static SocketStatusAnswer Of(SocketId socketId, IReadOnlyCollection<SessionState> sessions)
    {
        var replicas = sessions.Where(session => session.State == "online" && !session.Sockets.IsDefault)
            .SelectMany(session => session.Sockets.Where(socket => socket.SocketId == socketId).Select(socket => new ReplicaStatus(
                socket.ReplicaId.Value, session.ConnectorId.Value, socket.State, Filled(socket.Reason), socket.LiveStreams, socket.Since.UtcDateTime)))
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

    private static string? Filled(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
