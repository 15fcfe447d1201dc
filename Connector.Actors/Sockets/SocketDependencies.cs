using Akka.Actor;
using Connector.Actors.Health;
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
    /// <summary>The actor that is told of upstreams and what streams show of them; null where nothing is checked.</summary>
    public IActorRef? UpstreamChecks { get; init; }

    /// <summary>Makes the supervisor's child that becomes <see cref="UpstreamChecks"/>; null for none.</summary>
    public Props? UpstreamCheckProps { get; init; }

    /// <summary>Told of each stream that begins; null where nobody counts them.</summary>
    public RunningStreams? Streams { get; init; }

    /// <summary>How an offered stream is opened and run. Replaced by fault injection.</summary>
    public Func<OfferedStream, IStreamOffer> Wrap { get; init; } = stream => new RelayOffer(stream);
}
