using System.Collections.Immutable;

namespace Connector.Actors.Group;

/// <summary>What to do after the peers were asked. Pure.</summary>
internal static class FormationDecision
{
    internal abstract record Step
    {
        /// <summary>Join the cluster of this peer.</summary>
        public sealed record Join(int Peer) : Step;

        /// <summary>No group is in sight: ask the control plane who may form it.</summary>
        public sealed record Ask : Step;

        /// <summary>Whoever answered does not want us: say so and try again later.</summary>
        public sealed record Refused(string Reason) : Step;
    }

    /// <param name="answers">Of those peers that answered, by their place in the list.</param>
    public static Step After(ImmutableArray<(int Peer, GroupProtocol.KnockAnswered Answer)> answers)
    {
        foreach (var (peer, answer) in answers)
        {
            if (answer is { InGroup: true, Refusal.Length: 0 })
                return new Step.Join(peer);
        }

        // A refusal by one that is in the group is the group's. One by a peer that is alone as well may be that peer's fault: the control plane decides.
        foreach (var (_, answer) in answers)
        {
            if (answer is { InGroup: true })
                return new Step.Refused($"replica {answer.ReplicaId} refuses this one: {answer.Refusal}");
        }

        return new Step.Ask();
    }
}
