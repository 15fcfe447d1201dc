using System.Collections.Immutable;
using Akka.Actor;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;

namespace Connector.Actors.Group;

/// <summary>Messages of the group: between replicas before they are in one cluster, and between the group's actors and the rest of the replica.</summary>
public static class GroupProtocol
{
    /// <summary>To a peer's door: may I come in, and is there a group?</summary>
    /// <param name="Round">Comes back in the answer.</param>
    /// <param name="Now">By the asker's clock.</param>
    public sealed record Knock(long Round, string ConnectorId, int ProtocolVersion, string ReplicaId, Guid GroupBootId, DateTimeOffset Now) : IGroupMessage;

    /// <param name="InGroup">The peer is in the cluster: joining it is joining the group.</param>
    /// <param name="Refusal">Why not; empty when welcome.</param>
    public sealed record KnockAnswered(long Round, string ReplicaId, bool InGroup, string Refusal) : IGroupMessage;

    /// <summary>To the GroupActor: leave at once, for good. Answered with <see cref="GroupLeft"/>.</summary>
    public sealed record LeaveGroup : INoSerializationVerificationNeeded
    {
        public static readonly LeaveGroup Instance = new();
    }

    public sealed record GroupLeft : INoSerializationVerificationNeeded
    {
        public static readonly GroupLeft Instance = new();
    }

    /// <summary>From the group system to the GroupActor: what this replica is now.</summary>
    internal sealed record GroupNews(GroupBootId Of, GroupRole Role, ImmutableArray<GroupMemberState> Members, string Reason) : INoSerializationVerificationNeeded;

    /// <summary>From the group system to the GroupActor: what the control plane gave a replica that has to serve without the group.</summary>
    internal sealed record ServeWithout(GroupBootId Of, GroupVerdict Verdict) : INoSerializationVerificationNeeded;

    /// <summary>From the group system to the GroupActor: this life is over.</summary>
    internal sealed record GroupBroken(GroupBootId Of, string Reason) : INoSerializationVerificationNeeded;

    /// <summary>Published in the group system when the control session's actor starts here.</summary>
    internal sealed record SessionBegan : INoSerializationVerificationNeeded
    {
        public static readonly SessionBegan Instance = new();
    }
}
