namespace Connector.Host.State;

/// <summary>Another process holds the lock of a directory.</summary>
internal sealed class DirectoryInUseException(IOException inner) : IOException(inner.Message, inner);
