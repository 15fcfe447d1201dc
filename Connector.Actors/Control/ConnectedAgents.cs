using Akka.Actor;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using static Connector.Actors.Control.ReplicaAgentProtocol;

namespace Connector.Actors.Control;

/// <summary>The agents that the control session speaks for, one of each replica. Not thread-safe: it belongs to one actor.</summary>
internal sealed class ConnectedAgents(ReplicaId leader)
{
    /// <summary>As many as the control plane takes in one hello.</summary>
    public const int Most = 64;

    private readonly Dictionary<string, Agent> agents = new(StringComparer.Ordinal);

    /// <param name="Members">The group changed as the control plane should see it.</param>
    /// <param name="Newcomer">It has to be told everything.</param>
    public readonly record struct Change(bool Members, bool Newcomer);

    public IEnumerable<IActorRef> All => agents.Values.Select(agent => agent.Ref);

    public IActorRef? Find(string replicaId) => agents.GetValueOrDefault(replicaId)?.Ref;

    public bool Speaks(string replicaId, IActorRef sender) => agents.TryGetValue(replicaId, out var agent) && agent.Ref.Equals(sender);

    public Change Heard(AgentHere here, IActorRef from, DateTimeOffset now)
    {
        if (!IsSound(here))
            return default;
        var known = agents.GetValueOrDefault(here.ReplicaId);
        if (known is null && agents.Count >= Most)
            return default;
        agents[here.ReplicaId] = new Agent(from, here, now);
        var newcomer = known is null || !known.Ref.Equals(from) || !known.Here.BootId.AsSpan().SequenceEqual(here.BootId);
        return new Change(newcomer || known!.Here.Draining != here.Draining, newcomer);
    }

    /// <summary>Forgets who was not heard of since.</summary>
    /// <returns>Whether there was one.</returns>
    public bool ForgetSilent(DateTimeOffset since)
    {
        var silent = agents.Where(agent => agent.Value.At < since).Select(agent => agent.Key).ToArray();
        foreach (var replicaId in silent)
            agents.Remove(replicaId);
        return silent.Length > 0;
    }

    public bool Forget(string replicaId) => agents.Remove(replicaId);

    /// <summary>The others, for hello.</summary>
    public IEnumerable<GroupMember> Others => agents.Values.Where(agent => agent.Here.ReplicaId != leader.Value).Select(agent => Member(agent.Here));

    public ControlStreamRequest Report()
    {
        var report = new GroupReport();
        foreach (var (_, here, _) in agents.Values)
        {
            report.Members.Add(new MemberReport
            {
                Member = Member(here),
                GroupBootId = ByteString.CopyFrom(here.GroupBootId),
                Version = here.Version,
                StartedAt = Timestamp.FromDateTimeOffset(here.StartedAt),
                Draining = here.Draining,
                LiveStreams = here.LiveStreams,
                Leader = here.ReplicaId == leader.Value,
            });
        }

        return new ControlStreamRequest { Group = report };
    }

    private static bool IsSound(AgentHere here) => here is
    {
        ReplicaId.Length: > 0 and <= 128, BootId.Length: BootId.Size, PublicKey.Length: > 0 and <= 256, GroupBootId.Length: 0 or BootId.Size, Version.Length: <= 128,
    };

    private static GroupMember Member(AgentHere here) => new()
    {
        ReplicaId = here.ReplicaId,
        BootId = ByteString.CopyFrom(here.BootId),
        PublicKey = ByteString.CopyFrom(here.PublicKey),
    };

    private sealed record Agent(IActorRef Ref, AgentHere Here, DateTimeOffset At);
}
