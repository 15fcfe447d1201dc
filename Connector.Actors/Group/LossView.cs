using System.Collections.Immutable;
using Akka.Cluster;
using Connector.Protocol.Ids;

namespace Connector.Actors.Group;

/// <summary>Whom this member reaches and whom it does not. Compared by content: a verdict is asked for one view.</summary>
internal sealed class LossView : IEquatable<LossView>
{
    private LossView(ImmutableArray<Member> reached, ImmutableArray<Member> unreached)
    {
        Reached = reached;
        Unreached = unreached;
    }

    public ImmutableArray<Member> Reached { get; }

    public ImmutableArray<Member> Unreached { get; }

    public bool IsWhole => Unreached.IsEmpty;

    public static LossView Of(ClusterEvent.CurrentClusterState state)
    {
        // Those that are down already are only waited for.
        var members = state.Members.Where(member => member.Status is not (MemberStatus.Down or MemberStatus.Removed)).ToArray();
        return new LossView(
            [.. members.Where(member => !state.Unreachable.Contains(member))],
            [.. members.Where(member => state.Unreachable.Contains(member))]);
    }

    public static IEnumerable<GroupBootId> Boots(IEnumerable<Member> members) => members.Select(member => GroupIdentity.BootOf(member.Roles)).OfType<GroupBootId>();

    public bool Equals(LossView? other) => other is not null && Same(Reached, other.Reached) && Same(Unreached, other.Unreached);

    public override bool Equals(object? obj) => Equals(obj as LossView);

    public override int GetHashCode() => HashCode.Combine(Reached.Length, Unreached.Length);

    private static bool Same(ImmutableArray<Member> one, ImmutableArray<Member> other)
        => one.Length == other.Length && one.All(member => other.Any(same => same.UniqueAddress.Equals(member.UniqueAddress)));
}
