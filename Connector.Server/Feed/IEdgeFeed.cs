namespace Connector.Server.Feed;

/// <summary>All that an edge sees of the control plane. In one process it is a reference; an edge of its own follows it over the network.</summary>
public interface IEdgeFeed
{
    /// <summary>The whole state first, then again on each change; a slow reader gets only the newest. Ends with the token.</summary>
    IAsyncEnumerable<EdgeState> FollowAsync(CancellationToken cancellationToken);

    /// <summary>Hands a report over. Never blocks on the network; bounded, the oldest is dropped and counted.</summary>
    void Report(EdgeReport report);
}
