using System.Globalization;

namespace Connector.Actors.Group;

/// <summary>Who may join a group. Pure.</summary>
internal static class DoorDecision
{
    /// <summary>Further apart, tokens and tickets of one replica are refused by the other's edge and the times in records lie.</summary>
    public static readonly TimeSpan ClocksApart = TimeSpan.FromSeconds(60);

    /// <param name="isMemberElsewhere">Another living member has the asker's replica id.</param>
    /// <returns>Why not, with the remedy; empty when welcome.</returns>
    public static string Judge(GroupIdentity self, GroupProtocol.Knock knock, DateTimeOffset now, bool isMemberElsewhere)
    {
        if (!string.Equals(knock.ConnectorId, self.Replica.ConnectorId.Value, StringComparison.OrdinalIgnoreCase))
            return $"it is of connector {Shown(knock.ConnectorId)}, this group is of connector {self.Replica.ConnectorId}; list only replicas with a token of the same connector as peers";
        if (knock.ProtocolVersion != GroupIdentity.ProtocolVersion)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"it speaks version {knock.ProtocolVersion} of the group's protocol, this replica version {GroupIdentity.ProtocolVersion}; run the same version of the software, or versions that say they fit");
        }

        if (knock.ReplicaId == self.Replica.ReplicaId.Value || isMemberElsewhere)
        {
            return $"its replica id {Shown(knock.ReplicaId)} is that of a living member: its state directory was copied; give it an empty one of its own";
        }

        var apart = knock.Now - now;
        return apart.Duration() > ClocksApart
            ? string.Create(CultureInfo.InvariantCulture, $"its clock is {apart.TotalSeconds:+0;-0} s apart from this replica's; set both by NTP")
            : "";
    }

    private static string Shown(string text) => text.Length <= 64 ? text : text[..64];
}
