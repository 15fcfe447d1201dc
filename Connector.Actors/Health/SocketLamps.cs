using Connector.Protocol.Ids;

namespace Connector.Actors.Health;

/// <summary>The three lamps of a socket on this replica.</summary>
/// <param name="Path">The worst of all edges; its reason names the edge.</param>
public sealed record SocketLamps(SocketId SocketId, LampReading Control, LampReading Path, LampReading Upstream)
{
    /// <summary>Proven from end to end.</summary>
    public bool Online => Control.State == LampState.On && Path.State == LampState.On && Upstream.State == LampState.On;
}
