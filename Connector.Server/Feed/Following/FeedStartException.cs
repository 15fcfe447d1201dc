namespace Connector.Server.Feed.Following;

/// <summary>An edge of its own cannot start; the message says why and what to do.</summary>
public sealed class FeedStartException(string message, Exception? inner = null) : Exception(message, inner);
