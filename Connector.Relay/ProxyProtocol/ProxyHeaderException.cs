namespace Connector.Relay.ProxyProtocol;

/// <summary>What was to be a PROXY protocol header is none, or one that is not taken. The message says what came.</summary>
public sealed class ProxyHeaderException(string message) : Exception(message);
