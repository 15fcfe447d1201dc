namespace Connector.Server.Feed;

/// <summary>How a session ended.</summary>
/// <param name="Duration">By a monotonic clock: right also when the clock was set meanwhile.</param>
/// <param name="BytesToClient">Written to the client's TCP connection.</param>
/// <param name="BytesFromClient">Read from the client's TCP connection. When the session did not end by a close, up to a window of it may not have reached the upstream.</param>
/// <param name="Code">Why, as one word: <c>closed</c>, or the code of the reset.</param>
/// <param name="Reason">Why, in words.</param>
/// <param name="Resumes">Times that it went on after a lane was lost.</param>
public sealed record SessionEnding(
    DateTimeOffset EndedAt, TimeSpan Duration, long BytesToClient, long BytesFromClient, SessionEnder EndedBy, string Code, string Reason, int Resumes);
