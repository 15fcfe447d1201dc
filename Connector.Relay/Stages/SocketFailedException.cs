namespace Connector.Relay.Stages;

/// <summary>The local TCP connection failed, as connections do: not an error of ours.</summary>
internal sealed class SocketFailedException(string doing, Exception inner) : Exception($"{doing} the local connection failed: {inner.Message}", inner);
