using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Connector.Actors.Links;
using Connector.Actors.Reach;
using Connector.Actors.Sockets;
using Connector.Protocol.Ids;
using Connector.Protocol.Variables;
using Connector.Relay.Memory;

namespace Connector.Actors.Registration;

/// <summary>The parts of a replica's tree that carry traffic, over one account of memory.</summary>
/// <param name="certificate">The replica's own; its key is named in the ticket.</param>
public sealed class ReplicaTree(
    ReplicaId replicaId, BootId bootId, X509Certificate2 certificate, RelayMemory memory, ReachPolicy reach, VariableResolver variables, TimeProvider time)
{
    /// <summary>For <see cref="ConnectorActorsOptions.Sockets"/>.</summary>
    public Props Sockets() => SocketSupervisor.Props(new SocketDependencies(
        memory.ForSocket, new UpstreamDialer(reach, UpstreamDialerOptions.Detect(), time), new ConfiguredUpstreamResolver(variables), SocketSettings.Default, time));

    /// <summary>For <see cref="ConnectorActorsOptions.Links"/>.</summary>
    public Props Links(IActorRef sockets) => LinkSupervisor.Props(new LinkDependencies(
        replicaId, bootId, sockets, new LaneDialer(certificate, LaneSettings.Default, time),
        owner => new RelayLink(bootId, memory, owner, time), LaneSettings.Default, time, Random.Shared.NextDouble));
}
