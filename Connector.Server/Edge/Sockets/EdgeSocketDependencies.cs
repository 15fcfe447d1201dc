using Connector.Protocol.Ids;
using Connector.Relay.Memory;
using Connector.Server.Edge.Links;
using Connector.Server.Feed;

namespace Connector.Server.Edge.Sockets;

/// <summary>What every socket of an edge shares.</summary>
internal sealed record EdgeSocketDependencies(
    EdgeOptions Options, LinkTable Links, IEdgeFeed Feed, Func<SocketId, SocketMemory> Memory, TimeProvider Time);
