using Connector.Protocol.Ids;

namespace Connector.Actors.Group;

/// <summary>A member of the group as another one sees it.</summary>
/// <param name="Address">As in the lists of peers.</param>
public sealed record GroupMemberState(ReplicaId ReplicaId, GroupPeer Address, bool Leader);
