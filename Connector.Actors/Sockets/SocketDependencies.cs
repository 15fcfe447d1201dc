using Connector.Actors.Reach;
using Connector.Protocol.Ids;
using Connector.Relay.Links;
using Connector.Relay.Memory;

namespace Connector.Actors.Sockets;

/// <summary>What all sockets of a replica share.</summary>
/// <param name="MemoryFor">A socket's share of the relay's memory: <c>RelayMemory.ForSocket</c>.</param>
internal sealed record SocketDependencies(
    Func<SocketId, SocketMemory> MemoryFor,
    IUpstreamDialer Dialer,
    ISocketUpstreamResolver Resolver,
    SocketSettings Settings,
    TimeProvider Time)
{
    /// <summary>How an offered stream is opened and run. Replaced by fault injection.</summary>
    public Func<OfferedStream, IStreamOffer> Wrap { get; init; } = stream => new RelayOffer(stream);
}
