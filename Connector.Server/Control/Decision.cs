using System.Collections.Immutable;

namespace Connector.Server.Control;

/// <summary>The state after an input, and what has to be carried out, in order.</summary>
internal sealed record Decision(ConnectorSessionState State, ImmutableArray<SessionEffect> Effects)
{
    public static Decision Of(ConnectorSessionState state, params ImmutableArray<SessionEffect> effects) => new(state, effects);

    /// <summary>Continues with another decision from this state; its effects follow.</summary>
    public Decision Then(Func<ConnectorSessionState, Decision> next)
    {
        var following = next(State);
        return new Decision(following.State, Effects.AddRange(following.Effects));
    }
}
