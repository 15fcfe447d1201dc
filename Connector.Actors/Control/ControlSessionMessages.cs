using Akka.Actor;
using Connector.Protocol.Control.Wire;

namespace Connector.Actors.Control;

/// <summary>What ControlSessionActor sends to itself.</summary>
internal static class ControlSessionMessages
{
    /// <summary>Compared by reference.</summary>
    internal sealed record AttemptTag(int Number, Guid Session);

    internal sealed record Opened(AttemptTag Of, IControlConnection Connection) : INoSerializationVerificationNeeded;

    internal sealed record Received(AttemptTag Of, ControlStreamResponse? Message) : INoSerializationVerificationNeeded;

    internal sealed record Failed(AttemptTag Of, ControlFailure Failure) : INoSerializationVerificationNeeded;

    internal sealed record DeadlinePassed(AttemptTag? Of, string Reason) : INoSerializationVerificationNeeded;

    internal sealed class Retry : INoSerializationVerificationNeeded
    {
        public static readonly Retry Instance = new();
    }

    internal sealed class Heartbeat : INoSerializationVerificationNeeded
    {
        public static readonly Heartbeat Instance = new();
    }

    internal sealed class MembersDue : INoSerializationVerificationNeeded
    {
        public static readonly MembersDue Instance = new();
    }

    internal sealed class AgentDue : INoSerializationVerificationNeeded
    {
        public static readonly AgentDue Instance = new();
    }

    internal sealed class ShowUpDue : INoSerializationVerificationNeeded
    {
        public static readonly ShowUpDue Instance = new();
    }

    internal sealed class Closed : INoSerializationVerificationNeeded
    {
        public static readonly Closed Instance = new();
    }
}
