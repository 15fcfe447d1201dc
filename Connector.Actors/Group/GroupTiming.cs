namespace Connector.Actors.Group;

/// <summary>Times of the group. The defaults bring the control session back within 6 s of the leader's death and endure pauses of a second.</summary>
public sealed record GroupTiming
{
    public static readonly GroupTiming Default = new();

    /// <summary>Between heartbeats of members.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>A member that is silent for longer is unreachable.</summary>
    public TimeSpan AcceptablePause { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Gossip, leader actions, failure reaper.</summary>
    public TimeSpan Gossip { get; init; } = TimeSpan.FromSeconds(0.3);

    /// <summary>Unreachability that lasts so long is brought before the control plane.</summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromSeconds(0.3);

    /// <summary>How long peers are asked before the control plane is asked who may form.</summary>
    public TimeSpan JoinAttempt { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Between two rounds of joining and asking; with full jitter.</summary>
    public TimeSpan FormRetry { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Of one question to the control plane.</summary>
    public TimeSpan VerdictDeadline { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Wait before the group system is started again after it has ended, doubled with each end in a row.</summary>
    public TimeSpan Restart { get; init; } = TimeSpan.FromSeconds(0.5);

    public TimeSpan LongestRestart { get; init; } = TimeSpan.FromSeconds(20);
}
