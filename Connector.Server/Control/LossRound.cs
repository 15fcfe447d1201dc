using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>Members of one generation tell whom they reach, until one side of them is chosen.</summary>
internal sealed record LossRound(DateTimeOffset OpenedAt, ImmutableDictionary<GroupBootId, LossView> Views);

/// <summary>Whom one member reached when it asked last.</summary>
/// <param name="At">When that was known to be so: now, while its question is held.</param>
internal sealed record LossView(
    GroupBootId Asker, ReplicaId ReplicaId, long Generation, ImmutableHashSet<GroupBootId> Reached, ImmutableHashSet<GroupBootId> Unreached, DateTimeOffset At);
