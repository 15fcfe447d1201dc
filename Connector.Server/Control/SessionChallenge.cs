namespace Connector.Server.Control;

/// <summary>A challenge of the control session on behalf of the group rules.</summary>
/// <param name="Outcome">Null while it is open.</param>
/// <param name="SettledAt">When it got its outcome.</param>
internal sealed record SessionChallenge(long Attempt, long StreamId, DateTimeOffset At, ChallengeOutcome? Outcome, DateTimeOffset SettledAt);

internal enum ChallengeOutcome
{
    Answered,
    Unanswered,
}
