using Connector.Actors.Reach;
using Connector.Relay.Memory;

namespace Connector.Actors.Sockets;

/// <summary>What all sockets of a replica share.</summary>
internal sealed record SocketDependencies(
    RelayMemory Memory,
    IUpstreamDialer Dialer,
    ISocketUpstreamResolver Resolver,
    SocketSettings Settings,
    TimeProvider Time);
