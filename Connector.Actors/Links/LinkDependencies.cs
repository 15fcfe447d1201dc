using Akka.Actor;
using Connector.Protocol.Ids;
using Connector.Relay.Links;

namespace Connector.Actors.Links;

/// <summary>What all links of a replica share.</summary>
/// <param name="Sockets">SocketSupervisor.</param>
/// <param name="NewLink">Makes the replica's end of a link with a fresh link id.</param>
/// <param name="Random">Uniform in [0, 1), for jitter.</param>
internal sealed record LinkDependencies(
    ReplicaId ReplicaId,
    BootId BootId,
    IActorRef Sockets,
    ILaneDialer Dialer,
    Func<IReplicaLinkOwner, ILink> NewLink,
    LaneSettings Settings,
    TimeProvider Time,
    Func<double> Random);
