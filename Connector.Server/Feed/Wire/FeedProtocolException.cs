namespace Connector.Server.Feed.Wire;

/// <summary>What the other end sent does not follow the protocol of the feed: the stream is given up.</summary>
internal sealed class FeedProtocolException(string message, Exception? inner = null) : Exception(message, inner);
