using System.Collections.Immutable;
using Connector.Actors.Control;
using Connector.Protocol.Ids;

namespace Connector.Actors.Group;

/// <summary>Who this replica is in one life of its group system.</summary>
/// <param name="GroupBootId">Of this life: a member that was removed comes back under another.</param>
internal sealed record GroupIdentity(ControlSessionSettings Replica, GroupBootId GroupBootId)
{
    /// <summary>Of what replicas say to each other. Raised with every change that an older replica would not understand.</summary>
    public const int ProtocolVersion = 1;

    private const string ReplicaPrefix = "replica-";
    private const string BootPrefix = "boot-";

    /// <summary>Roles are what every member knows of every other one from the beginning.</summary>
    public ImmutableArray<string> Roles => [$"{ReplicaPrefix}{Replica.ReplicaId}", $"{BootPrefix}{GroupBootId}"];

    public static ReplicaId? ReplicaOf(IEnumerable<string> roles)
        => roles.FirstOrDefault(role => role.StartsWith(ReplicaPrefix, StringComparison.Ordinal)) is { } role ? new ReplicaId(role[ReplicaPrefix.Length..]) : null;

    public static GroupBootId? BootOf(IEnumerable<string> roles)
        => roles.FirstOrDefault(role => role.StartsWith(BootPrefix, StringComparison.Ordinal)) is { } role && GroupBootId.TryParse(role[BootPrefix.Length..], out var id)
            ? id : null;
}
