namespace Connector.Server.Edge;

/// <summary>The edge could not start; the message names what was tried, why it failed and what to do.</summary>
public sealed class EdgeStartException(string message, Exception inner) : Exception(message, inner);
