using System.Collections.Immutable;

namespace Connector.Host.Drill;

/// <summary>What is done to whom, and in which order. Decisions only.</summary>
internal static class DrillPlan
{
    public static readonly ImmutableArray<DrillEvent> Usual = [DrillEvent.KillFollower, DrillEvent.KillLeader, DrillEvent.FreezeLeader, DrillEvent.Drain];

    public const string Names = "kill-follower, kill-leader, freeze-follower, freeze-leader, drain, restarts";

    public static string NameOf(DrillEvent happening) => happening switch
    {
        DrillEvent.KillFollower => "kill-follower",
        DrillEvent.KillLeader => "kill-leader",
        DrillEvent.FreezeFollower => "freeze-follower",
        DrillEvent.FreezeLeader => "freeze-leader",
        DrillEvent.Restarts => "restarts",
        _ => "drain",
    };

    /// <summary>Null when a name is unknown or none is given.</summary>
    public static ImmutableArray<DrillEvent>? Parse(string text)
    {
        var all = Enum.GetValues<DrillEvent>().ToDictionary(NameOf);
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names.Length > 0 && names.All(all.ContainsKey) ? [.. names.Select(name => all[name])] : null;
    }

    /// <summary>The steps in their order; a drain is one of each replica.</summary>
    /// <param name="restarts">How many steps restarts are.</param>
    public static ImmutableArray<DrillStep> Steps(ImmutableArray<DrillEvent> events, IReadOnlyList<DrillReplica> replicas, int restarts, Random random)
    {
        return [.. events.SelectMany(Of)];

        IEnumerable<DrillStep> Of(DrillEvent happening) => happening switch
        {
            DrillEvent.Drain => replicas.Select(static replica => new DrillStep(DrillEvent.Drain, replica.Id)),
            DrillEvent.Restarts => Enumerable.Range(0, restarts).Select(_ => new DrillStep(
                random.Next(2) == 0 ? DrillEvent.KillFollower : DrillEvent.Drain, replicas[random.Next(replicas.Count)].Id)),
            _ => [new DrillStep(happening)],
        };
    }

    /// <summary>What the step is for its victim: who is killed by name may lead by then.</summary>
    public static DrillEvent Happening(DrillStep step, bool leads)
        => step is { Event: DrillEvent.KillFollower, ReplicaId: not null } && leads ? DrillEvent.KillLeader : step.Event;

    /// <summary>Whom the step is for now; null when there is no such replica.</summary>
    /// <param name="leader">Id of the replica that holds the control session, as the control plane says; null when it says none.</param>
    public static DrillReplica? Victim(DrillStep step, IReadOnlyCollection<DrillReplica> replicas, string? leader)
    {
        if (step.ReplicaId is { } id)
        {
            return replicas.FirstOrDefault(replica => replica.Id == id);
        }

        var leads = replicas.FirstOrDefault(replica => replica.Id == leader) ?? replicas.FirstOrDefault(static replica => replica.Role is "leader" or "lone");
        return step.Event is DrillEvent.KillLeader or DrillEvent.FreezeLeader
            ? leads
            : replicas.FirstOrDefault(replica => replica.Healthy && replica != leads);
    }

    /// <summary>As many are healthy as were, and each is in a group of as many as before.</summary>
    public static bool IsWhole(IReadOnlyCollection<DrillReplica> group, IReadOnlyCollection<DrillReplica> before)
        => group.Count(static replica => replica.Healthy) >= before.Count(static replica => replica.Healthy)
            && before.All(first => group.FirstOrDefault(replica => replica.Id == first.Id) is { } now && (!first.IsGrouped || (now.IsGrouped && now.Members == first.Members)));

    /// <summary>The woken victim, or the process that came in its place.</summary>
    public static bool IsBack(DrillEvent happening, DrillReplica victim, DrillReplica now)
        => now.Healthy && (now.ProcessId == victim.ProcessId) == (happening is DrillEvent.FreezeFollower or DrillEvent.FreezeLeader);

    /// <summary>Why the replica is not touched; null when it may be.</summary>
    /// <param name="processes">That are no replicas: this one, and the one that the ready file is of.</param>
    public static string? Refusal(DrillReplica victim, IReadOnlyCollection<DrillReplica> replicas, IReadOnlySet<int> processes, bool evenTheLast)
        => victim.ProcessId < 2 ? $"replica {victim.Id} does not say which process it is"
            : processes.Contains(victim.ProcessId) ? $"process {victim.ProcessId} is more than a replica: what is done to replica {victim.Id} would be done to the control plane and the edge too"
            : replicas.Any(other => other.ConnectorId != victim.ConnectorId) ? "the replicas are of different connectors, so they are no group"
            : replicas.Any(other => other != victim && other.ProcessId == victim.ProcessId) ? $"two replicas say that they are process {victim.ProcessId}"
            : !evenTheLast && !replicas.Any(other => other.Id != victim.Id && other.Healthy) ? $"replica {victim.Id} is the last healthy one of its group"
            : null;
}
