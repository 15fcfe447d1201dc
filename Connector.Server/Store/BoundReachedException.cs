namespace Connector.Server.Store;

/// <summary>What is asked for would go beyond a documented bound.</summary>
internal sealed class BoundReachedException(string message) : Exception(message);
