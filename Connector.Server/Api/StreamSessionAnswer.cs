using System.Globalization;
using System.Net;
using Connector.Server.Feed;
using Connector.Server.Store.Database;

namespace Connector.Server.Api;

/// <summary>One end user's stream. What is not known before its end is absent while it is live.</summary>
/// <param name="State">live or ended.</param>
/// <param name="Client">Address and port of the end user's connection.</param>
/// <param name="BytesToClient">Written to the client's connection.</param>
/// <param name="BytesFromClient">Read from the client's connection.</param>
/// <param name="EndedBy">client, upstream, edge, replica, policy, limit or link.</param>
/// <param name="Code">closed, or why it was cut off: connection_lost, policy, idle_timeout, maximum_age, link_lost, stopped, ...</param>
/// <param name="Resumes">Times that it went on after a lane was lost.</param>
internal sealed record StreamSessionAnswer(
    string Id, string State, string SocketId, string SocketName, string ConnectorId, string ReplicaId, string EdgeId, string Client,
    DateTime StartedAt, DateTime? EndedAt, long? DurationMs, long? BytesToClient, long? BytesFromClient, string? EndedBy, string? Code, string? Reason,
    int? Resumes)
{
    public static StreamSessionAnswer Of(SessionRecord session)
        => new(
            session.Id.ToString(), "live", session.SocketId.Value, session.SocketName, session.ConnectorId.Value, session.ReplicaId.Value, session.EdgeId.Value,
            session.Client.ToString(), session.StartedAt.UtcDateTime, null, null, null, null, null, null, null, null);

    public static StreamSessionAnswer Of(SessionRow row)
        => new(
            row.SessionId, "ended", row.SocketId, row.SocketName, row.ConnectorId, row.ReplicaId, row.EdgeId, ClientOf(row),
            ApiJson.Time(row.StartedAt), ApiJson.Time(row.EndedAt), row.DurationMs, row.BytesToClient, row.BytesFromClient, row.EndedBy, row.Code, row.Reason, row.Resumes);

    private static string ClientOf(SessionRow row)
        => IPAddress.TryParse(row.ClientAddress, out var address)
            ? new IPEndPoint(address, row.ClientPort).ToString()
            : string.Create(CultureInfo.InvariantCulture, $"{row.ClientAddress}:{row.ClientPort}");
}
