namespace Connector.Server.Store;

/// <summary>The store could not do what was asked; the message names the file, the reason and the remedy.</summary>
public sealed class ControlStoreException(string message, Exception? innerException = null) : Exception(message, innerException);
