using Connector.Protocol.Ids;

namespace Connector.Server.Store;

/// <param name="ReplicaId">Empty when nobody has told it.</param>
public readonly record struct GroupRecordMember(GroupBootId GroupBootId, ReplicaId ReplicaId);
