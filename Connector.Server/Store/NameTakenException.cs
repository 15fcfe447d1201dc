namespace Connector.Server.Store;

/// <summary>Something unique (a name, a port) belongs to another one already; the message names it.</summary>
internal sealed class NameTakenException(string message) : Exception(message);
