namespace Connector.Server.Feed.Following;

/// <summary>Why an edge has no stream to its control plane, as far as it makes a difference.</summary>
internal enum FeedFailureKind
{
    /// <summary>Not reached, not in time, or not trusted.</summary>
    Unreachable,

    /// <summary>The credential is bad, expired, replaced, or its edge deleted.</summary>
    Refused,

    /// <summary>Another process has a stream with the same credential.</summary>
    AlreadyConnected,

    /// <summary>The stream ended, or fell silent.</summary>
    Ended,

    /// <summary>What came does not follow the protocol, or is older than what the edge has.</summary>
    OutOfOrder,
}
