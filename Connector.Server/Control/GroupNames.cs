using Connector.Protocol.Ids;
using Connector.Server.Store;

namespace Connector.Server.Control;

/// <summary>Members in texts for people: by replica id, or by group boot id where nobody has told it.</summary>
internal static class GroupNames
{
    private const int MaxNamed = 8;

    public static string Of(IReadOnlyCollection<GroupRecordMember> members)
    {
        var names = members.Select(Of).Order(StringComparer.Ordinal).Take(MaxNamed);
        return string.Join(", ", names) + (members.Count > MaxNamed ? $" and {members.Count - MaxNamed} more" : "");
    }

    public static string Of(GroupBootId id, IEnumerable<GroupRecordMember> members)
        => Of(members.FirstOrDefault(member => member.GroupBootId == id, new GroupRecordMember(id, new ReplicaId(""))));

    private static string Of(GroupRecordMember member)
        => string.IsNullOrEmpty(member.ReplicaId.Value) ? $"(group boot id {member.GroupBootId})" : PeerLogRecords.OneLine(member.ReplicaId.Value, SignedMember.MaxTextLength);
}
