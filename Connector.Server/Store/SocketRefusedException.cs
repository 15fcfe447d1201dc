namespace Connector.Server.Store;

/// <summary>A socket cannot be stored as asked, judged together with what is stored; the message says what to change.</summary>
internal sealed class SocketRefusedException(string message) : Exception(message);
