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

    /// <param name="Sockets">Ids of the sockets that it serves on this edge.</param>
    /// <param name="UpstreamsOff">Those of them whose upstream lamp the edge was told to be off.</param>
    internal sealed record LinkAnswer(
        string Edge, int Lanes, int LiveStreams, bool Draining, LampAnswer Path, IReadOnlyList<string> Sockets, IReadOnlyList<string> UpstreamsOff);

    /// <summary>A replica is one process: after a restart both incarnations are listed while an edge still has links of the old one.</summary>
    public static IReadOnlyList<ReplicaAnswer> Merge(SessionState session, EdgeObservations observations, EdgeId edge, DesiredStateVersion desired, DateTimeOffset now)
    {
        var states = session.Replicas.IsDefault ? [] : session.Replicas;
        var links = observations.Links(session.ConnectorId);
        return
        [
            .. states.Select(state => (state.ReplicaId, state.BootId)).Union(links.Select(link => (link.ReplicaId, link.BootId)))
                .OrderBy(key => key.ReplicaId.Value, StringComparer.Ordinal)
                .Select(key => Of(
                    key.ReplicaId,
                    key.BootId,
                    states.FirstOrDefault(state => state.ReplicaId == key.ReplicaId && state.BootId == key.BootId),
                    [.. links.Where(link => link.ReplicaId == key.ReplicaId && link.BootId == key.BootId)],
                    edge,
                    desired,
                    session,
                    observations,
                    now)),
        ];
    }

    /// <summary>
    /// The replica's links at the edge: of the process that the control session is of; without a session, of the one that has lanes. A predecessor's
    /// link proves nothing of the process that is there now.
    /// </summary>
    public static ReplicaLinks? LinksOf(ReplicaId replicaId, SessionState session, EdgeObservations observations)
    {
        var boot = session.Replicas.IsDefault ? null : session.Replicas.FirstOrDefault(state => state.ReplicaId == replicaId)?.BootId;
        var links = observations.Links(session.ConnectorId).Where(link => link.ReplicaId == replicaId).ToList();
        return boot is null ? links.MaxBy(link => link.Lanes) : links.Find(link => link.BootId == boot);
    }

    private static ReplicaAnswer Of(
        ReplicaId id, BootId bootId, ReplicaState? state, ImmutableArray<ReplicaLinks> links, EdgeId edge, DesiredStateVersion desired, SessionState session,
        EdgeObservations observations, DateTimeOffset now)
    {
        var silence = observations.Silence(session.ConnectorId);

        // A process that the session is not of has told nothing on it.
        var report = state is null ? null : session.Reports.FirstOrDefault(known => known.ReplicaId == id);
        var control = state is null && session.State == "online"
            ? LampAnswer.Of(LampReport.Off, null, null, "the control session is not of this process")
            : LampDecision.Control(session, id, report);
        return new(
            id.Value,
            bootId.ToString(),
            state?.Version,
            state?.ConnectedAt?.UtcDateTime,
            state?.RemoteAddress,
            links.Sum(link => link.Lanes),
            links.IsEmpty ? state?.LiveStreams ?? 0 : links.Sum(link => link.LiveStreams),
            state?.Draining == true || links.Any(link => link.Draining),
            control,
            Summary(id, control, state is null || session.Sockets.IsDefault ? [] : session.Sockets, links.FirstOrDefault(), report, edge, silence),
            new ConfigVersionAnswer(
                desired.Incarnation, desired.Number, state?.Applied is { } applied && applied.Incarnation == desired.Incarnation ? applied.Number : null),
            [
                .. links.Select(link => new LinkAnswer(
                    edge.Value, link.Lanes, link.LiveStreams, link.Draining, LampDecision.Link(link, silence),
                    link.Sockets.IsDefault ? [] : [.. link.Sockets.Select(socket => socket.Value)],
                    link.UpstreamsOff.IsDefault ? [] : [.. link.UpstreamsOff.Select(socket => socket.Value)])),
            ],
            state?.Role,
            // Clocks may be apart; nobody runs for less than no time.
            state?.StartedAt is { } startedAt ? Math.Max(0, (long)(now - startedAt).TotalSeconds) : null,
            state?.StartedAt?.UtcDateTime);
    }

    private static SocketLampsAnswer Summary(
        ReplicaId id, LampAnswer control, ImmutableArray<SocketState> sockets, ReplicaLinks? links, ReplicaReport? report, EdgeId edge, TimeSpan? edgeSilence)
    {
        var served = links is null || links.Sockets.IsDefault ? [] : links.Sockets.ToHashSet();
        int all = 0, online = 0, controlOff = 0, pathOff = 0, upstreamOff = 0, unknown = 0;
        foreach (var socket in sockets)
        {
            if (socket.ReplicaId != id)
            {
                continue;
            }

            var path = LampDecision.Path(socket.SocketId, edge, links, served.Contains(socket.SocketId), edgeSilence, report);
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
