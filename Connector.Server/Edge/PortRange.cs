namespace Connector.Server.Edge;

/// <summary>Ports that sockets may listen on, both ends included.</summary>
public readonly record struct PortRange(int First, int Last)
{
    public bool Contains(int port) => port >= First && port <= Last;

    public override string ToString() => $"{First}-{Last}";
}
