using Connector.Actors.Health;
using Connector.Relay.Links;

namespace Connector.Actors.Links;

/// <summary>The path lamp of one link, from what the relay proves. A decision only.</summary>
internal static class LinkPathLamp
{
    /// <summary>A new link has so long to be proven for the first time.</summary>
    public static readonly TimeSpan FirstProof = TimeSpan.FromSeconds(5);

    /// <param name="lanes">That are up.</param>
    /// <param name="down">Why none is.</param>
    public static Lamp Decide(Lamp before, int lanes, string down, PathProof proof, TimeSpan now, DateTimeOffset wall)
    {
        var provenAt = proof.Age is { } age ? now - age : (TimeSpan?)null;
        if (lanes == 0)
            return Enter(before, LampState.Off, before.ProvenAt, down.Length == 0 ? "no lane is up yet" : down, wall);
        if (proof.On)
            return Enter(before, LampState.On, provenAt, "", wall);
        if (provenAt is null && before.State != LampState.On && (before.State == LampState.Off || wall - before.Since < FirstProof) && before.Reason != Unproven)
            return Enter(before, LampState.Unknown, null, "not proven yet", wall);
        return Enter(before, LampState.Off, provenAt ?? before.ProvenAt, Unproven, wall);
    }

    private const string Unproven = "a lane of the link lets nothing through: no answer came back on it";

    private static Lamp Enter(Lamp before, LampState state, TimeSpan? provenAt, string reason, DateTimeOffset wall)
        => new(state, before.State == state ? before.Since : wall, provenAt, reason);
}
