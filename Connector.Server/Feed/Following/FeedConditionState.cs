namespace Connector.Server.Feed.Following;

/// <summary>How an edge stands with its control plane.</summary>
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
