namespace Connector.Server.Control;

/// <summary>The numbers of the group rules, all by the control plane's own clock.</summary>
internal static class GroupRules
{
    /// <summary>From the first question about a loss to the decision: members of the other side are heard as well.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMilliseconds(700);

    /// <summary>A question is held so long for its answer, then it is told to wait. Its caller gives up after 3 s.</summary>
    public static readonly TimeSpan HoldLimit = TimeSpan.FromMilliseconds(1500);

    /// <summary>When to ask again after that.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(250);

    /// <summary>A side that has the control session and misses nobody is waited for so long, from the first question.</summary>
    public static readonly TimeSpan SilentSideLimit = TimeSpan.FromSeconds(3);

    /// <summary>A sign of a member counts so long for "the group lives", and so does a permission to form.</summary>
    public static readonly TimeSpan SignLife = TimeSpan.FromSeconds(10);

    /// <summary>An answered or unanswered challenge says something of now for so long.</summary>
    public static readonly TimeSpan ProofLife = TimeSpan.FromMilliseconds(1500);

    /// <summary>What a member saw counts for so long after its question was answered; it asks again sooner.</summary>
    public static readonly TimeSpan ViewLife = TimeSpan.FromMilliseconds(1500);

    public static TimeSpan ChallengeDeadline => ClaimRules.ChallengeDeadline;

    /// <summary>Whether that much time has passed; also when the clock was set back by more.</summary>
    public static bool IsOver(DateTimeOffset since, TimeSpan limit, DateTimeOffset now) => (now - since).Duration() >= limit;
}
