using System.Collections.Immutable;
using Akka.Actor;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>Messages between control streams and the entity of their connector, by way of its parent. Local only.</summary>
internal static class ControlStreamProtocol
{
    /// <summary>Routed to the entity by this id.</summary>
    public interface IForConnector : INoSerializationVerificationNeeded
    {
        ConnectorId ConnectorId { get; }
    }

    /// <summary>The stream wants to become the control session.</summary>
    /// <param name="Features">As announced; empty for the public client.</param>
    public sealed record ClaimSession(
        ConnectorId ConnectorId, string OrganizationId, Claim Claim, ImmutableHashSet<string> Features, VerifiedHello? Hello, IControlStream Stream) : IForConnector;

    /// <summary>The stream is over; always sent after a claim.</summary>
    public sealed record StreamEnded(ConnectorId ConnectorId, long StreamId, string Reason) : IForConnector;

    /// <summary>A write of this stream was refused because a newer control session exists.</summary>
    public sealed record StreamOvertaken(ConnectorId ConnectorId, long StreamId, SessionEpoch Stored) : IForConnector;

    public sealed record ChallengeAnswered(ConnectorId ConnectorId, long StreamId, ImmutableArray<byte> Nonce) : IForConnector;

    /// <param name="Report">Bounded and cleaned by the stream. Replaces what the replica said before about these sockets.</param>
    public sealed record SocketsReported(ConnectorId ConnectorId, long StreamId, SocketReport Report) : IForConnector;

    /// <summary>Bounded and cleaned by the stream. What is not in it stays as it was.</summary>
    public sealed record PluginsReported(ConnectorId ConnectorId, long StreamId, ImmutableArray<ConnectorsProtocol.PluginState> Plugins) : IForConnector;

    public sealed record ConfigApplied(ConnectorId ConnectorId, long StreamId, ReplicaId ReplicaId, DesiredStateVersion Version) : IForConnector;

    /// <summary>The set of edges that replicas should link to has changed.</summary>
    public sealed record EdgesChanged
    {
        public static readonly EdgesChanged Instance = new();
    }

    /// <summary>From an entity to its parent: nothing to do; stop me when nothing is on its way.</summary>
    public sealed record Passivate(ConnectorId ConnectorId);
}
