using System.Collections.Immutable;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>Reads the leader's report of its group: everything is bounded, text is one line. What is beyond a bound, or cannot be read, is left out.</summary>
internal static class GroupReportReader
{
    public static ImmutableArray<ReportedMember> Read(GroupReport report)
    {
        var members = ImmutableArray.CreateBuilder<ReportedMember>();
        foreach (var entry in report.Members.Take(VerifiedHello.MaxMembers))
        {
            if (entry.GroupBootId.Length is not (0 or GroupBootId.Size) || !SignedMember.TryRead(entry.Member, "a group report", out var identity, out _))
            {
                continue;
            }

            members.Add(new ReportedMember(
                identity,
                entry.GroupBootId.IsEmpty ? null : GroupBootId.Read(entry.GroupBootId.Span),
                PeerLogRecords.OneLine(entry.Version, SignedMember.MaxTextLength),
                SignedMember.Time(entry.StartedAt),
                entry.Draining,
                Math.Max(entry.LiveStreams, 0),
                entry.Leader));
        }

        return [.. members.DistinctBy(member => (member.Identity.ReplicaId, member.Identity.BootId))];
    }
}
