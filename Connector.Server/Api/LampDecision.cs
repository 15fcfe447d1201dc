using Connector.Protocol.Ids;
using Connector.Server.Control;
using Connector.Server.Feed;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Server.Api;

/// <summary>
/// The lamps of a socket on a replica, from what replica and edge told and how long ago. Decided when somebody asks: who fell silent has nothing
/// green. Decisions only.
/// </summary>
internal static class LampDecision
{
    /// <summary>Replicas tell every 4 s, an edge as often: three times that.</summary>
    public static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(12);

    /// <param name="report">What the replica told last; null for nothing.</param>
    public static LampAnswer Control(SessionState session, ReplicaId replicaId, ReplicaReport? report)
    {
        // A member of a group is heard through the one that holds the session.
        var silence = session.Leader == replicaId && (report is null || session.Silence < report.Silence) ? session.Silence : report?.Silence;
        return session.State switch
        {
            AkkaConnectorSessions.Unknown => LampAnswer.Of(LampReport.Unknown, null, null, "the control session did not answer in time"),
            not "online" => LampAnswer.Of(LampReport.Off, session.LastSeen, null, "no replica of the connector has a control session"),
            _ when silence is null => LampAnswer.Of(LampReport.Unknown, null, null, "nothing was heard of this replica on the control session"),
            _ when silence > SilenceLimit => LampAnswer.Of(LampReport.Unknown, session.Since, silence, Silent(silence.Value)),
            _ => LampAnswer.Of(LampReport.On, session.Since, silence, null),
        };
    }

    /// <param name="lamp">As the replica told it, with its age as of now.</param>
    public static LampAnswer Upstream(LampReport? lamp, ReplicaReport? report)
    {
        if (report is null || lamp is null)
        {
            return LampAnswer.Of(LampReport.Unknown, null, null, "the replica has not told how the upstream is");
        }

        return report.Silence > SilenceLimit
            ? LampAnswer.Of(LampReport.Unknown, lamp.Since, lamp.Age, Silent(report.Silence))
            : LampAnswer.Of(lamp.State, lamp.Since, lamp.Age, lamp.Reason);
    }

    /// <summary>The path over one edge: the edge's own proof counts; what the replica sees to be off over this edge is off.</summary>
    /// <param name="links">The replica as the edge has it; null when it has no link of it.</param>
    /// <param name="served">Whether it serves the socket there.</param>
    /// <param name="edgeSilence">Since the edge spoke of the connector's links.</param>
    public static LampAnswer Path(SocketId socketId, EdgeId edge, ReplicaLinks? links, bool served, TimeSpan? edgeSilence, ReplicaReport? report)
    {
        var atEdge = AtEdge(edge, links, served, edgeSilence);
        if (atEdge.State == LampReport.Off || report is null || report.Silence > SilenceLimit)
        {
            return atEdge;
        }

        foreach (var path in report.Paths.Where(path => path.EdgeId == edge))
        {
            if (path.Link.State == LampReport.Off)
            {
                return LampAnswer.Of(LampReport.Off, path.Link.Since, path.Link.Age, $"edge {path.EdgeId}: {path.Link.Reason}, says the replica");
            }

            if (path.NotTaken.TryGetValue(socketId, out var reason) && reason.Length > 0)
            {
                return LampAnswer.Of(LampReport.Off, null, path.Link.Age, $"edge {path.EdgeId} does not take the socket: {reason}, says the replica");
            }
        }

        return atEdge;
    }

    /// <summary>The path lamp of a replica's links as the edge has them, whatever the socket.</summary>
    public static LampAnswer Link(ReplicaLinks links, TimeSpan? edgeSilence)
    {
        var age = links.Path.Age + edgeSilence;
        return edgeSilence is not { } silence || silence > SilenceLimit
            ? LampAnswer.Of(LampReport.Unknown, links.PathSince, age, $"the edge has said nothing for {edgeSilence?.TotalSeconds ?? 0:0} s")
            : links.Lanes == 0 ? LampAnswer.Of(LampReport.Off, links.PathSince, age, "the link has no lane")
            : links.Path.On ? LampAnswer.Of(LampReport.On, links.PathSince, age, null)
            : LampAnswer.Of(LampReport.Off, links.PathSince, age, "a lane of the link lets nothing through: no answer came back on it");
    }

    /// <summary>The paths over all edges as one: users may come through any of them, so one that is on is enough.</summary>
    public static LampAnswer Best(IReadOnlyCollection<LampAnswer> paths)
        => paths.Where(path => path.IsOn).MinBy(path => path.AgeSeconds ?? double.MaxValue)
            ?? paths.FirstOrDefault(path => path.State == LampReport.Unknown)
            ?? (paths.Count == 0 ? LampAnswer.Of(LampReport.Off, null, null, "there is no edge") : paths.First() with
            {
                Reason = string.Join("; ", paths.Select(path => path.Reason).OfType<string>().Distinct()),
            });

    private static LampAnswer AtEdge(EdgeId edge, ReplicaLinks? links, bool served, TimeSpan? edgeSilence)
    {
        if (links is null)
        {
            return LampAnswer.Of(LampReport.Off, null, null, $"edge {edge} has no link of this replica");
        }

        var link = Link(links, edgeSilence);
        if (link.State == LampReport.Unknown || links.Lanes == 0)
        {
            return link with { Reason = $"edge {edge}: {link.Reason}" };
        }

        return !served
            ? LampAnswer.Of(LampReport.Off, null, links.Path.Age + edgeSilence, $"the replica does not serve the socket on edge {edge}{(links.Draining ? ", which it is leaving" : "")}")
            : link with { Reason = link.Reason is null ? null : $"edge {edge}: {link.Reason}" };
    }

    private static string Silent(TimeSpan age) => $"the replica has said nothing for {age.TotalSeconds:0} s";
}
