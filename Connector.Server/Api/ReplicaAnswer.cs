using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Connector.Server.Feed;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Server.Api;

/// <summary>A replica as its control session and the edges see it together.</summary>
/// <param name="Role">leader (has the control session), member, or lone; absent for one that is not behind the control session.</param>
/// <param name="Uptime">Seconds since <paramref name="StartedAt"/>; absent while that is not known.</param>
/// <param name="StartedAt">Of the process, by its own clock.</param>
internal sealed record ReplicaAnswer(
    string Id, string BootId, string? Version, DateTime? ConnectedAt, string? RemoteAddress, int Lanes, int LiveStreams, bool Draining,
    LampAnswer Control, SocketLampsAnswer Lamps, ReplicaAnswer.ConfigVersionAnswer ConfigVersion, IReadOnlyList<ReplicaAnswer.LinkAnswer> Links,
    string? Role, long? Uptime, DateTime? StartedAt)
{
    /// <param name="Desired">Of the connector, as the store has it now.</param>
    /// <param name="Applied">What this replica said it has applied; absent while it has said nothing, or has what another store pushed.</param>
    internal sealed record ConfigVersionAnswer(string Incarnation, long Desired, long? Applied);

    /// <summary>Of this replica to one edge.</summary>
    /// <param name="Sockets">Ids of the sockets that it serves on this edge.</param>
    /// <param name="UpstreamsOff">Those of them whose upstream lamp the edge was told to be off.</param>
    internal sealed record LinkAnswer(
        string Edge, int Lanes, int LiveStreams, bool Draining, LampAnswer Path, IReadOnlyList<string> Sockets, IReadOnlyList<string> UpstreamsOff);

    /// <summary>A replica is one process: after a restart both incarnations are listed while an edge still has links of the old one.</summary>
    public static IReadOnlyList<ReplicaAnswer> Merge(SessionState session, IReadOnlyList<EdgeView> edges, DesiredStateVersion desired, DateTimeOffset now)
    {
        var states = session.Replicas.IsDefault ? [] : session.Replicas;
        return
        [
            .. states.Select(state => (state.ReplicaId, state.BootId))
                .Union(edges.SelectMany(edge => edge.Links(session.ConnectorId)).Select(link => (link.ReplicaId, link.BootId)))
                .OrderBy(key => key.ReplicaId.Value, StringComparer.Ordinal)
                .Select(key => Of(
                    key.ReplicaId,
                    key.BootId,
                    states.FirstOrDefault(state => state.ReplicaId == key.ReplicaId && state.BootId == key.BootId),
                    [.. edges.Select(edge => (edge, Links: edge.Links(session.ConnectorId).FirstOrDefault(link => link.ReplicaId == key.ReplicaId && link.BootId == key.BootId)))],
                    desired,
                    session,
                    now)),
        ];
    }

    private static ReplicaAnswer Of(
        ReplicaId id, BootId bootId, ReplicaState? state, ImmutableArray<(EdgeView Edge, ReplicaLinks? Links)> edges, DesiredStateVersion desired, SessionState session,
        DateTimeOffset now)
    {
        // A process that the session is not of has told nothing on it.
        var report = state is null ? null : session.Reports.FirstOrDefault(known => known.ReplicaId == id);
        var control = state is null && session.State == "online"
            ? LampAnswer.Of(LampReport.Off, null, null, "the control session is not of this process")
            : LampDecision.Control(session, id, report);
        var linked = edges.Where(entry => entry.Links is not null).Select(entry => (entry.Edge, Links: entry.Links!)).ToList();
        return new(
            id.Value,
            bootId.ToString(),
            state?.Version,
            state?.ConnectedAt?.UtcDateTime,
            state?.RemoteAddress,
            linked.Sum(entry => entry.Links.Lanes),
            linked.Any() ? linked.Sum(entry => entry.Links.LiveStreams) : state?.LiveStreams ?? 0,
            state?.Draining == true || linked.Any(entry => entry.Links.Draining),
            control,
            Summary(id, control, state is null || session.Sockets.IsDefault ? [] : session.Sockets, edges, report, session.ConnectorId),
            new ConfigVersionAnswer(
                desired.Incarnation, desired.Number, state?.Applied is { } applied && applied.Incarnation == desired.Incarnation ? applied.Number : null),
            [.. linked.Select(entry => Of(entry.Edge, entry.Links, session.ConnectorId))],
            state?.Role,
            // Clocks may be apart; nobody runs for less than no time.
            state?.StartedAt is { } startedAt ? Math.Max(0, (long)(now - startedAt).TotalSeconds) : null,
            state?.StartedAt?.UtcDateTime);
    }

    private static LinkAnswer Of(EdgeView edge, ReplicaLinks link, ConnectorId connector) => new(
        edge.Id.Value,
        link.Lanes,
        link.LiveStreams,
        link.Draining,
        LampDecision.Link(link, edge.SilenceOf(connector)),
        link.Sockets.IsDefault ? [] : [.. link.Sockets.Select(socket => socket.Value)],
        link.UpstreamsOff.IsDefault ? [] : [.. link.UpstreamsOff.Select(socket => socket.Value)]);

    private static SocketLampsAnswer Summary(
        ReplicaId id, LampAnswer control, ImmutableArray<SocketState> sockets, ImmutableArray<(EdgeView Edge, ReplicaLinks? Links)> edges, ReplicaReport? report, ConnectorId connector)
    {
        var served = edges.Select(entry => entry.Links is null || entry.Links.Sockets.IsDefault ? [] : entry.Links.Sockets.ToHashSet()).ToList();
        int all = 0, online = 0, controlOff = 0, pathOff = 0, upstreamOff = 0, unknown = 0;
        foreach (var socket in sockets)
        {
            if (socket.ReplicaId != id)
            {
                continue;
            }

            var path = LampDecision.Best([.. edges.Select((entry, index) => LampDecision.Path(
                socket.SocketId, entry.Edge.Id, entry.Links, served[index].Contains(socket.SocketId), entry.Edge.SilenceOf(connector), report))]);
            var upstream = LampDecision.Upstream(socket.Upstream, report);
            all++;
            controlOff += control.State == LampReport.Off ? 1 : 0;
            pathOff += path.State == LampReport.Off ? 1 : 0;
            upstreamOff += upstream.State == LampReport.Off ? 1 : 0;
            var anyOff = control.State == LampReport.Off || path.State == LampReport.Off || upstream.State == LampReport.Off;
            var allOn = control.IsOn && path.IsOn && upstream.IsOn;
            online += allOn && socket.State == "serving" ? 1 : 0;
            unknown += !anyOff && !allOn ? 1 : 0;
        }

        return new SocketLampsAnswer(all, online, controlOff, pathOff, upstreamOff, unknown);
    }
}
