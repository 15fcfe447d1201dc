namespace Connector.Actors.Sockets;

/// <summary>Reads a socket's configuration into what is dialled for it.</summary>
internal interface ISocketUpstreamResolver
{
    /// <summary>Looks variable references up, so the answer may change with the environment; may read local files. Never throws for bad configuration.</summary>
    SocketUpstreamChoice Resolve(SocketDefinition definition);
}
