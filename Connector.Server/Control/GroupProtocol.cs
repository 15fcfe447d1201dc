using System.Collections.Immutable;
using Akka.Actor;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Grpc.Core;

namespace Connector.Server.Control;

/// <summary>Messages about a connector's group, to its entity by way of its parent. Local only.</summary>
internal static class GroupProtocol
{
    /// <summary>A question whose signature and token are good; whether the token is in force is the entity's to ask. Answered with <see cref="Answered"/>.</summary>
    public sealed record AskVerdict(
        ConnectorId ConnectorId, string OrganizationId, string TokenId, DateTimeOffset? TokenExpiresAt, VerifiedQuestion Question)
        : ControlStreamProtocol.IForConnector;

    /// <param name="Verdict">Null: refused, as the status says.</param>
    /// <param name="RetryAfter">With a refusal; null where asking again is pointless.</param>
    public sealed record Answered(GroupVerdict? Verdict, Grpc.Core.Status Status, TimeSpan? RetryAfter = null) : INoSerializationVerificationNeeded
    {
        public static Answered Refused(StatusCode code, string reason, TimeSpan? retryAfter = null) => new(null, new Grpc.Core.Status(code, reason), retryAfter);
    }

    /// <param name="Members">The leader included; bounded and cleaned by the stream.</param>
    public sealed record GroupReported(ConnectorId ConnectorId, long StreamId, ImmutableArray<ReportedMember> Members) : ControlStreamProtocol.IForConnector;
}
