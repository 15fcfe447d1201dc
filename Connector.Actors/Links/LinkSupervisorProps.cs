using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Connector.Protocol.Ids;
using Connector.Relay.Memory;

namespace Connector.Actors.Links;

/// <summary>For the composition of a replica: the actor at <c>/user/links</c>.</summary>
public static class LinkSupervisorProps
{
    /// <param name="certificate">The replica's own, with its private key.</param>
    /// <param name="sockets"><c>/user/sockets</c>.</param>
    public static Props Create(
        ReplicaId replicaId,
        BootId bootId,
        X509Certificate2 certificate,
        RelayMemory memory,
        IActorRef sockets,
        LaneSettings settings,
        TimeProvider time)
        => LinkSupervisor.Props(new LinkDependencies(
            replicaId,
            bootId,
            sockets,
            new LaneDialer(certificate, time),
            owner => new RelayLink(bootId, memory, owner, time),
            settings,
            time,
            Random.Shared.NextDouble));
}
