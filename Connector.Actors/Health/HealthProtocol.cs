using System.Collections.Immutable;
using Connector.Actors.Control;
using Connector.Actors.Group;
using Connector.Actors.Links;
using Connector.Actors.Sockets;
using Connector.Protocol.Ids;

namespace Connector.Actors.Health;

/// <summary>Messages of <c>/user/health</c>.</summary>
public static class HealthProtocol
{
    /// <summary>Answered with <see cref="HealthState"/>.</summary>
    public sealed record GetHealth
    {
        public static readonly GetHealth Instance = new();
    }

    /// <summary>What this replica knows of itself, as last published.</summary>
    /// <param name="Configured">A desired state was applied since the process started, even an empty one.</param>
    /// <param name="Draining">Serves what runs and takes nothing new.</param>
    public sealed record HealthState(
        ReplicaId ReplicaId,
        ConnectorId ConnectorId,
        BootId BootId,
        string Version,
        DateTimeOffset StartedAt,
        bool Configured,
        bool Draining,
        DesiredStateVersion ConfigVersion,
        ControlSessionProtocol.ControlSessionStatusChanged? ControlSession,
        ImmutableArray<SocketSupervisorProtocol.SocketStatusChanged> Sockets,
        ImmutableArray<LinkSupervisorProtocol.LinkStatusChanged> Links)
    {
        /// <summary>One of each socket.</summary>
        public ImmutableArray<SocketLamps> Lamps { get; init; } = [];

        public LampReading? Control { get; init; }

        /// <summary>The path lamp of each link.</summary>
        public ImmutableDictionary<EdgeId, LampReading> Paths { get; init; } = ImmutableDictionary<EdgeId, LampReading>.Empty;

        /// <summary>What it is in its connector's group; null is lone.</summary>
        public GroupStatusChanged? Group { get; init; }

        public RunningStreamsState? Streams { get; init; }

        /// <summary>How long streams may go on after a request to stop.</summary>
        public TimeSpan DrainTimeout { get; init; }
    }

    /// <summary>From the shutdown: from now on the replica is not ready.</summary>
    public sealed record DrainBegun
    {
        public static readonly DrainBegun Instance = new();
    }
}
