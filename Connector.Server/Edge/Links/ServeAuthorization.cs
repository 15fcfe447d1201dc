using Connector.Protocol.Ids;
using Connector.Relay.Frames;

namespace Connector.Server.Edge.Links;

/// <summary>Whether a connector's replicas may serve a socket. Decided by the edge's own tables, never by what a ticket says.</summary>
internal static class ServeAuthorization
{
    public static ServeCode Decide(EdgeTables tables, ConnectorId connector, SocketId socketId)
    {
        if (!tables.State.Connectors.Contains(connector))
        {
            return ServeCode.Forbidden;
        }

        // Unknown may become known: the replica hears of a new socket on another way than the edge, and may be first.
        return tables.Find(socketId) is not { } socket ? ServeCode.Unknown
            : socket.Connectors.Contains(connector) ? ServeCode.Accepted
            : ServeCode.Forbidden;
    }
}
