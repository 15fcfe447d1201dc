using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Actors.Control;

/// <summary>Who this replica is, as it signs it.</summary>
internal static class HelloWriter
{
    public static HelloBody Write(ControlSessionSettings settings, GroupBootId? groupBootId, IEnumerable<GroupMember> others, DesiredStateVersion held, DateTimeOffset now)
    {
        var hello = new HelloBody
        {
            ConnectorId = settings.ConnectorId.Value,
            Self = new GroupMember
            {
                ReplicaId = settings.ReplicaId.Value,
                BootId = ByteString.CopyFrom(settings.BootId.ToArray()),
                PublicKey = settings.Key.SubjectPublicKeyInfo,
            },
            Version = settings.Version,
            AppliedNumber = held.Number,
            AppliedIncarnation = held.Incarnation,
            SentAt = Timestamp.FromDateTimeOffset(now),
        };
        hello.Members.Add(others);
        if (groupBootId is { } group)
            hello.GroupBootId = ByteString.CopyFrom(group.ToArray());

        return hello;
    }
}
