using Akka.Actor;
using Connector.Actors.Group;

namespace Connector.Actors.Control;

/// <summary>
/// What the control session and the agent of each replica say to each other, in one process or from replica to replica. Wire messages travel as the bytes
/// that the control stream carries; <c>Session</c> names one attempt of one ControlSessionActor, so that what belongs to another is told apart.
/// </summary>
public static class ReplicaAgentProtocol
{
    /// <summary>To the agent, local: where the control session is from now on.</summary>
    public sealed record UseSession(IActorRef Session) : INoSerializationVerificationNeeded;

    /// <summary>To the agent, local: there is none for now.</summary>
    public sealed record NoSession(string Reason) : INoSerializationVerificationNeeded;

    /// <summary>To the agent, local: say now that this replica is here.</summary>
    public sealed record ShowUp : INoSerializationVerificationNeeded
    {
        public static readonly ShowUp Instance = new();
    }

    /// <summary>To the agent, local, from the control plane's answer to a replica that has no group.</summary>
    /// <param name="Init">Null when what is held is the newest.</param>
    public sealed record ApplyWithoutSession(Protocol.Control.Wire.Init? Init, Protocol.Control.Wire.Edges? Edges, string? Ticket) : INoSerializationVerificationNeeded
    {
        public override string ToString() => nameof(ApplyWithoutSession);
    }

    // ---- from an agent to the session

    /// <summary>Who this replica is, again every few seconds: the session forgets who is silent.</summary>
    /// <param name="BootId">16 bytes, of the process.</param>
    /// <param name="PublicKey">SubjectPublicKeyInfo.</param>
    /// <param name="GroupBootId">16 bytes; empty for a replica that runs alone.</param>
    public sealed record AgentHere(
        string ReplicaId, byte[] BootId, byte[] PublicKey, byte[] GroupBootId, string Version, DateTimeOffset StartedAt, int LiveStreams,
        string HeldIncarnation, long HeldNumber) : IGroupMessage;

    /// <summary>A ControlStreamRequest of this replica. Dropped when no session is open: all is said again in the next.</summary>
    public sealed record AgentRequest(Guid Session, string ReplicaId, byte[] Request) : IGroupMessage;

    public sealed record AgentApplied(Guid Session, string ReplicaId, string Incarnation, long Number) : IGroupMessage;

    /// <summary>Something was missed: send the whole desired state.</summary>
    public sealed record AskWhole(Guid Session, string ReplicaId) : IGroupMessage;

    // ---- from the session to an agent

    /// <param name="State">Of <see cref="ControlSessionState"/>.</param>
    public sealed record SessionNews(string State, string Reason, long Epoch, DateTimeOffset Since) : IGroupMessage;

    /// <summary>The control plane was heard, at most once a second.</summary>
    /// <param name="Silence">Longer without a word is no proof of an open session.</param>
    /// <param name="Sequence">Of the last push: who has not got it asks for the whole.</param>
    public sealed record SessionHeard(Guid Session, TimeSpan Silence, long Sequence) : IGroupMessage;

    /// <summary>Reports and log batches are taken from now on.</summary>
    public sealed record SessionOpen(Guid Session) : IGroupMessage;

    public sealed record SessionLost(Guid Session) : IGroupMessage;

    /// <summary>A part of an Init, in order; the last one makes it whole.</summary>
    /// <param name="Sequence">Of the last push that it contains.</param>
    public sealed record PushWhole(Guid Session, long Sequence, int Part, int Parts, byte[] Bytes) : IGroupMessage;

    /// <param name="Sequence">One more than that of the push before it.</param>
    /// <param name="Update">An UpdateConfig.</param>
    public sealed record PushUpdate(Guid Session, long Sequence, byte[] Update) : IGroupMessage;

    public sealed record PushEdges(byte[] Edges) : IGroupMessage;

    public sealed record PushTicket(string Ticket) : IGroupMessage
    {
        public override string ToString() => nameof(PushTicket);
    }

    public sealed record LogsStored(long Sequence) : IGroupMessage;

    /// <summary>To the replica with the session: a plugin is to scan now.</summary>
    public sealed record PushDiscover(string PluginId, string RequestId) : IGroupMessage;

    /// <summary>To the replica with the session.</summary>
    /// <param name="Dial">A DialResources.</param>
    public sealed record PushDial(byte[] Dial) : IGroupMessage;

    /// <summary>The control session is over for good, for every replica.</summary>
    /// <param name="Deleted">The connector was deleted.</param>
    public sealed record SessionEnded(string Reason, bool Deleted) : IGroupMessage;
}
