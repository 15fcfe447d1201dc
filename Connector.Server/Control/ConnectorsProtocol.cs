using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>Messages to the parent of the connector entities (<c>/user/connectors</c>), from the API and the feed.</summary>
public static class ConnectorsProtocol
{
    /// <summary>Something of this connector's desired state changed in the store: read it again and push the difference.</summary>
    public sealed record DesiredStateChanged(ConnectorId ConnectorId);

    public sealed record ConnectorDeleted(ConnectorId ConnectorId);

    public sealed record TokenRevoked(ConnectorId ConnectorId, string TokenId);

    /// <summary>A plugin is to scan now. Answered with <see cref="DiscoverAsked"/>.</summary>
    public sealed record DiscoverNow(ConnectorId ConnectorId, PluginId PluginId, string RequestId);

    /// <param name="Sent">False when there is no control session to send it over.</param>
    public sealed record DiscoverAsked(bool Sent);

    /// <summary>Answered with <see cref="SessionState"/>.</summary>
    public sealed record GetSession(ConnectorId ConnectorId);

    /// <summary>The control session of a connector and what its replicas said of themselves.</summary>
    /// <param name="State">online, or offline.</param>
    /// <param name="Leader">The replica that holds the control session; null when offline or when the peer has no replica id.</param>
    public sealed record SessionState(
        ConnectorId ConnectorId, string State, SessionEpoch Epoch, ReplicaId? Leader, DateTimeOffset? Since, DateTimeOffset? LastSeen,
        ImmutableArray<ReplicaState> Replicas, ImmutableArray<SocketState> Sockets)
    {
        /// <summary>Since the session was heard last; null when there is none.</summary>
        public TimeSpan? Silence { get; init; }

        /// <summary>Of the replicas that report lamps.</summary>
        public ImmutableArray<ReplicaReport> Reports { get; init; } = [];

        public ImmutableArray<PluginState> Plugins { get; init; } = [];
    }

    /// <param name="State">As the replica announced it.</param>
    public sealed record PluginState(PluginId PluginId, ReplicaId ReplicaId, string State, string Reason);

    /// <param name="Applied">The desired state that it said it has applied; null while it has said nothing.</param>
    public sealed record ReplicaState(
        ReplicaId ReplicaId, BootId BootId, string Version, DateTimeOffset? ConnectedAt, string RemoteAddress, DesiredStateVersion? Applied = null)
    {
        public const string Leader = "leader";
        public const string Member = "member";
        public const string Lone = "lone";

        /// <summary>leader, member or lone; null when it is not known.</summary>
        public string? Role { get; init; }

        /// <summary>Of the process, by its own clock; null while nobody has told it.</summary>
        public DateTimeOffset? StartedAt { get; init; }

        /// <summary>It says that it serves what runs and accepts nothing new.</summary>
        public bool Draining { get; init; }

        /// <summary>As the leader reported it; null while it has not.</summary>
        public int? LiveStreams { get; init; }
    }

    /// <param name="State">starting, serving, unsupported or failed, as the replica announced it.</param>
    public sealed record SocketState(SocketId SocketId, ReplicaId ReplicaId, string State, string Reason, int LiveStreams, DateTimeOffset Since)
    {
        /// <summary>Null when it was not told.</summary>
        public LampReport? Upstream { get; init; }
    }
}
