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

    public IEnumerable<IActorRef> All => agents.Values.Select(agent => agent.Ref);

    public IActorRef? Find(string replicaId) => agents.GetValueOrDefault(replicaId)?.Ref;

    public bool Speaks(string replicaId, IActorRef sender) => agents.TryGetValue(replicaId, out var agent) && agent.Ref.Equals(sender);

    /// <returns>Whether it is new, or again after a restart: it has to be told everything, and the control plane of it.</returns>
    public bool Heard(AgentHere here, IActorRef from, DateTimeOffset now)
    {
        var known = agents.GetValueOrDefault(here.ReplicaId);
        if (!IsSound(here) || (known is null && agents.Count >= Most))
            return false;
        agents[here.ReplicaId] = new Agent(from, here, now);
        return known is null || !known.Ref.Equals(from) || !known.Here.BootId.AsSpan().SequenceEqual(here.BootId);
    }

    /// <summary>Forgets who was not heard of since.</summary>
    public void ForgetSilent(DateTimeOffset since)
    {
        foreach (var (replicaId, agent) in agents)
        {
            if (agent.At < since)
                agents.Remove(replicaId);
        }
    }

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
                LiveStreams = here.LiveStreams,
                Leader = here.ReplicaId == leader.Value,
            });
        }

        return new ControlStreamRequest { Group = report };
    }

    private static bool IsSound(AgentHere here) => here is
    {
        ReplicaId.Length: > 0 and <= 128, BootId.Length: BootId.Size, PublicKey.Length: > 0 and <= 256, GroupBootId.Length: 0 or GroupBootId.Size, Version.Length: <= 128,
    };

    private static GroupMember Member(AgentHere here) => new()
    {
        ReplicaId = here.ReplicaId,
        BootId = ByteString.CopyFrom(here.BootId),
        PublicKey = ByteString.CopyFrom(here.PublicKey),
    };

    private sealed record Agent(IActorRef Ref, AgentHere Here, DateTimeOffset At);
}
