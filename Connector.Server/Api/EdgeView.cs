using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Connector.Server.Feed;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Server.Api;

/// <summary>One edge, with what it last said, for answers about sockets and replicas.</summary>
/// <param name="PublicHost">What end users dial; null while it is not known.</param>
/// <param name="Observation">Null while it has said nothing.</param>
internal sealed record EdgeView(EdgeId Id, string Name, string? PublicHost, EdgeObservation? Observation)
{
    private bool IsBuiltIn => Id == BuiltInEdge.Id;

    /// <summary>For so long an edge of its own has been silent altogether, if that is too long to believe what it said.</summary>
    private TimeSpan? TooLongSilent => !IsBuiltIn && Observation is { Silence: var silence } && silence > LampDecision.SilenceLimit ? silence : null;

    public ImmutableArray<ReplicaLinks> Links(ConnectorId connector) => Observation?.Links(connector) ?? [];

    public TimeSpan? SilenceOf(ConnectorId connector) => Observation?.SilenceOf(connector);

    /// <summary>Null while the edge has not spoken of this port.</summary>
    public SocketAnswer.ListenerAnswer? Listener(SocketId socket, int port)
    {
        // Until the edge follows, it speaks of the port that the socket had.
        if (Observation?.Listener(socket) is not { } listener || listener.Port != port)
        {
            return null;
        }

        return TooLongSilent is { } silence
            ? new("unknown", port, Silent(silence))
            : new(listener.Failure is null ? "listening" : "failed", port, listener.Failure);
    }

    /// <summary>Whether users are handed over here: some replica serves the socket on a link that has a lane and does not drain.</summary>
    public bool Serves(SocketId socket, ConnectorId connector)
        => Links(connector).Any(replica => replica is { Lanes: > 0, Draining: false } && replica.Sockets.Contains(socket));

    /// <summary>
    /// The replica's links here: of the process that the control session is of; without a session, of the one that has lanes. A predecessor's link proves nothing of the
    /// process that is there now.
    /// </summary>
    public ReplicaLinks? LinksOf(ReplicaId replica, SessionState session)
    {
        var boot = session.Replicas.IsDefault ? null : session.Replicas.FirstOrDefault(state => state.ReplicaId == replica)?.BootId;
        var links = Links(session.ConnectorId).Where(link => link.ReplicaId == replica).ToList();
        return boot is null ? links.MaxBy(link => link.Lanes) : links.Find(link => link.BootId == boot);
    }

    /// <param name="report">What the replica told last; null for nothing.</param>
    public LampAnswer Path(SocketId socket, ReplicaLinks? links, ConnectorId connector, ReplicaReport? report)
        => links is null && TooLongSilent is { } silence
            ? LampAnswer.Of(LampReport.Unknown, null, null, Silent(silence))
            : LampDecision.Path(socket, Id, links, links?.Sockets.Contains(socket) == true, SilenceOf(connector), report);

    private string Silent(TimeSpan silence) => $"edge {Name} has said nothing for {silence.TotalSeconds:0} s";
}
