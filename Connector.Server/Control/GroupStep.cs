using System.Collections.Immutable;

namespace Connector.Server.Control;

/// <summary>The state after an input of the group rules, and what has to be carried out, in order.</summary>
internal sealed record GroupStep(GroupState State, ImmutableArray<GroupEffect> Effects)
{
    public static GroupStep Of(GroupState state, params ImmutableArray<GroupEffect> effects) => new(state, effects);

    /// <summary>Continues with another step from this state; its effects follow.</summary>
    public GroupStep Then(Func<GroupState, GroupStep> next)
    {
        var following = next(State);
        return new GroupStep(following.State, Effects.AddRange(following.Effects));
    }
}
