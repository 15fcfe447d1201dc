using System.Collections.Immutable;
using System.Net;
using Connector.Protocol.Ids;
using Connector.Relay.Links;

namespace Connector.Server.Feed;

/// <summary>What an edge tells the control plane.</summary>
public abstract record EdgeReport
{
    private EdgeReport()
    {
    }

    /// <summary>The socket's listener accepts connections.</summary>
    public sealed record Listening(SocketId SocketId, IPEndPoint EndPoint) : EdgeReport;

    /// <summary>The socket's listener could not be opened (port in use, no permission).</summary>
    public sealed record ListenFailed(SocketId SocketId, int Port, string Reason) : EdgeReport;

    /// <summary>A record for the connector's log.</summary>
    /// <param name="Severity">debug, info, warn or error.</param>
    /// <param name="Fields">Names and values beside the message, for example replica and upstream.</param>
    public sealed record Logged(
        ConnectorId ConnectorId, SocketId? SocketId, DateTimeOffset At, string Severity, string Message,
        ImmutableArray<KeyValuePair<string, string>> Fields) : EdgeReport;

    /// <summary>The links of one connector's replicas as this edge has them now.</summary>
    public sealed record LinksChanged(ConnectorId ConnectorId, ImmutableArray<ReplicaLinks> Replicas) : EdgeReport;

    /// <summary>A stream of an end user was opened.</summary>
    public sealed record SessionBegan(SessionRecord Session) : EdgeReport;

    /// <summary>It has ended. Once for each that began, while the edge lives.</summary>
    public sealed record SessionEnded(SessionRecord Session, SessionEnding Ending) : EdgeReport;
}

/// <summary>A replica as an edge sees it.</summary>
/// <param name="Sockets">Sockets it serves on this edge.</param>
public sealed record ReplicaLinks(ReplicaId ReplicaId, BootId BootId, int Lanes, int LiveStreams, bool Draining, ImmutableArray<SocketId> Sockets)
{
    /// <summary>Of its links that have a lane, the best; what the edge itself proved.</summary>
    public PathProof Path { get; init; }

    /// <summary>Since when <see cref="Path"/> is as it is; noted by who receives the report.</summary>
    public DateTimeOffset? PathSince { get; init; }

    /// <summary>Sockets of <see cref="Sockets"/> whose upstream lamp is off, as the replica says.</summary>
    public ImmutableArray<SocketId> UpstreamsOff { get; init; } = [];
}
