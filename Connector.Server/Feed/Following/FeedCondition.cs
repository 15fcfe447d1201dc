using Connector.Protocol.Ids;

namespace Connector.Server.Feed.Following;

/// <summary>How an edge stands with its control plane.</summary>
/// <param name="Since">Of the state.</param>
/// <param name="HeardAt">When the control plane was heard last, by this run or an earlier one; null: never.</param>
/// <param name="Reason">Why it is not heard; empty while it is.</param>
/// <param name="Version">Of the state that the edge has; null while it has none.</param>
public sealed record FeedCondition(FeedConditionState State, DateTimeOffset Since, DateTimeOffset? HeardAt, string Reason, DesiredStateVersion? Version);

public enum FeedConditionState
{
    /// <summary>Not heard in this run, and there is no state of an earlier one.</summary>
    Waiting,

    /// <summary>The control plane is heard: what the edge has is the newest.</summary>
    Fresh,

    /// <summary>It has been silent for some seconds: what the edge has may not be the newest. Users are served all the same.</summary>
    Stale,

    /// <summary>It has been silent for longer than any ticket lives: nobody is served any more.</summary>
    TooOld,
}
