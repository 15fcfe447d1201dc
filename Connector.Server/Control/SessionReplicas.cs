using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>The replicas behind one control session: those of its hello, and of its leader's reports since. Belongs to one actor.</summary>
internal sealed class SessionReplicas
{
    private readonly Dictionary<ReplicaId, DesiredStateVersion> applied = [];
    private readonly HashSet<(ReplicaId, KeyThumbprint)> ticketed = [];
    private ImmutableArray<ReportedMember> reported = [];

    public void Clear()
    {
        applied.Clear();
        ticketed.Clear();
        reported = [];
    }

    /// <summary>A replica said what it has applied; kept for as many as a group may have.</summary>
    public void Applied(ReplicaId replicaId, DesiredStateVersion version)
    {
        if (applied.Count < VerifiedHello.MaxMembers || applied.ContainsKey(replicaId))
        {
            applied[replicaId] = version;
        }
    }

    /// <summary>The whole group as it is now.</summary>
    public void Report(ImmutableArray<ReportedMember> members) => reported = members;

    /// <summary>Everybody who is to have a ticket.</summary>
    public IReadOnlyCollection<ClaimIdentity> All(VerifiedHello hello)
    {
        ticketed.Clear();
        return Fresh(hello);
    }

    /// <summary>Those of them who have none yet.</summary>
    public IReadOnlyCollection<ClaimIdentity> Fresh(VerifiedHello hello)
    {
        var all = Identities(hello);
        ticketed.IntersectWith(all.Select(replica => (replica.ReplicaId, replica.Key)));
        return [.. all.Where(replica => ticketed.Add((replica.ReplicaId, replica.Key)))];
    }

    public ImmutableArray<ConnectorsProtocol.ReplicaState> Describe(LiveSession live, VerifiedHello hello, SessionPush push)
    {
        var replicas = ImmutableArray.CreateBuilder<ConnectorsProtocol.ReplicaState>();
        foreach (var identity in Identities(hello))
        {
            var leads = identity.ReplicaId == hello.Identity.ReplicaId;
            var member = reported.FirstOrDefault(known => known.Identity.ReplicaId == identity.ReplicaId && known.Identity.BootId == identity.BootId);
            DesiredStateVersion? told = applied.TryGetValue(identity.ReplicaId, out var version) ? version
                : leads && hello.Applied != DesiredStateVersion.None ? hello.Applied : null;
            replicas.Add(new ConnectorsProtocol.ReplicaState(
                identity.ReplicaId, identity.BootId, member?.Version ?? (leads ? hello.Version : ""), leads ? live.Since : null,
                leads ? live.Claim.RemoteAddress : "", told is { } has ? push.Reached(has) : null)
            {
                Role = Role(leads, hello),
                StartedAt = member?.StartedAt,
                Draining = member?.Draining == true,
                LiveStreams = member?.LiveStreams,
            });
        }

        return replicas.DrainToImmutable();
    }

    /// <summary>The one with the session first; the report knows better than the hello.</summary>
    private ImmutableArray<ClaimIdentity> Identities(VerifiedHello hello)
        =>
        [
            .. (reported.IsEmpty ? hello.Members : [.. reported.Select(member => member.Identity)]).Insert(0, hello.Identity)
                .DistinctBy(replica => replica.ReplicaId),
        ];

    private string Role(bool leads, VerifiedHello hello)
        => !leads ? ConnectorsProtocol.ReplicaState.Member
            : hello.GroupBootId is null && hello.Members.IsEmpty && reported.Length <= 1 ? ConnectorsProtocol.ReplicaState.Lone
            : ConnectorsProtocol.ReplicaState.Leader;
}
