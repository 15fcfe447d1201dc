namespace Connector.Server.Feed;

/// <summary>A socket's listener on one edge.</summary>
/// <param name="Failure">Null while the listener accepts connections.</param>
internal sealed record ListenerState(int Port, string? Failure);
