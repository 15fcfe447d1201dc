using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Store;

/// <summary>What was decided last about a connector's group, as the store has it.</summary>
/// <param name="Generation">Grows with each decision; 0 while there was none.</param>
/// <param name="Members">Of the group as it was decided, or as its leader reported it since.</param>
/// <param name="Removed">Those that are not members any more and never will be again; oldest first, at most <see cref="MaxRemoved"/>.</param>
/// <param name="Grant">Who was allowed to form the group of this generation; null after any other decision.</param>
public sealed record GroupRecord(
    long Generation, ImmutableArray<GroupRecordMember> Members, ImmutableArray<GroupBootId> Removed, GroupGrant? Grant)
{
    /// <summary>Beyond it the oldest are forgotten: a group system that was told to leave so many removals ago is gone.</summary>
    public const int MaxRemoved = 256;

    /// <summary>Of one group.</summary>
    public const int MaxMembers = 128;

    public static readonly GroupRecord None = new(0, [], [], null);

    public bool IsMember(GroupBootId id) => Members.Any(member => member.GroupBootId == id);

    public bool IsRemoved(GroupBootId id) => Removed.Contains(id);

    /// <summary>The next decision. Who was removed stays so.</summary>
    /// <param name="removed">Those that this decision removes.</param>
    public GroupRecord Decide(long generation, IEnumerable<GroupRecordMember> members, IEnumerable<GroupBootId> removed, GroupGrant? grant)
    {
        var all = Removed.AddRange(removed.Where(id => !IsRemoved(id)).Distinct());
        return new GroupRecord(generation, [.. members.Take(MaxMembers)], all.RemoveRange(0, Math.Max(0, all.Length - MaxRemoved)), grant);
    }
}
