using Connector.Protocol.Ids;

namespace Connector.Actors.Control;

/// <summary>Who this replica is to the control plane, and how long it waits for it.</summary>
public sealed record ControlSessionSettings
{
    public required ConnectorId ConnectorId { get; init; }

    public required ReplicaId ReplicaId { get; init; }

    public required BootId BootId { get; init; }

    /// <summary>Signs hello.</summary>
    public required ReplicaKey Key { get; init; }

    /// <summary>Of the software.</summary>
    public required string Version { get; init; }

    /// <summary>What ConnectorMetadata says; see <see cref="ReplicaMetadata"/>.</summary>
    public required ReplicaMetadata Metadata { get; init; }

    /// <summary>For the agent, until it is known what an earlier start held. Above the state file's own deadline.</summary>
    public TimeSpan StateDeadline { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>For the session, until the agent of its own replica has said what is held. Above the agent's own deadline.</summary>
    public TimeSpan AgentDeadline { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Above the transport's own deadlines for connection and headers: only for a transport that hangs.</summary>
    public TimeSpan OpenDeadline { get; init; } = TimeSpan.FromSeconds(20);

    public TimeSpan HelloAckDeadline { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan InitDeadline { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>For the polite end of a stream when this replica shuts down.</summary>
    public TimeSpan CloseDeadline { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Until the server says otherwise.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the ages of proofs are told. The control plane takes a replica that told nothing for three of them for silent.</summary>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How often each replica's agent shows itself to the control session.</summary>
    public TimeSpan AgentInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Shortest distance between two reports of socket and plugin states.</summary>
    public TimeSpan ReportInterval { get; init; } = TimeSpan.FromMilliseconds(200);
}
