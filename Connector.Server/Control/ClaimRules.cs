namespace Connector.Server.Control;

/// <summary>The numbers of the claim rules.</summary>
/// <param name="HeartbeatInterval">As the live session was told; it counts as gone after <see cref="SilentIntervals"/> of them without a byte.</param>
/// <param name="MaxPendingClaims">Claims of one connector that may wait for their decision.</param>
internal sealed record ClaimRules(TimeSpan HeartbeatInterval, int MaxPendingClaims)
{
    public const int SilentIntervals = 3;

    /// <summary>A live session that has not answered a challenge by then is fenced.</summary>
    public static readonly TimeSpan ChallengeDeadline = TimeSpan.FromSeconds(1);

    public TimeSpan SilenceLimit => HeartbeatInterval * SilentIntervals;

    /// <summary>Slots are 500 ms apart, from 1 to 4.5 s: a refused standby is back soon enough to take over from a session that just died.</summary>
    public static TimeSpan RetrySlot(int refusal) => TimeSpan.FromMilliseconds(1000 + (refusal % 8 * 500));
}
