namespace Connector.Server.Feed.Following;

/// <summary>A stream could not be had, or was given up.</summary>
internal sealed class FeedFailedException(FeedFailure failure, Exception? inner = null) : Exception(failure.Reason, inner)
{
    public FeedFailure Failure { get; } = failure;
}
