namespace Connector.Protocol.Sockets;

/// <summary>Socket type exit_node; an empty object.</summary>
public sealed record ExitNodeServiceConfiguration
{
}
