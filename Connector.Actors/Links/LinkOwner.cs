using Akka.Actor;
using Connector.Actors.Sockets;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Links;

namespace Connector.Actors.Links;

/// <summary>Turns what a link tells into messages. An offered stream goes straight to its supervisor: one mailbox less on the way of each connection.</summary>
/// <param name="generation">Of the link, so that its actor can drop what an older link says.</param>
internal sealed class LinkOwner(IActorRef link, IActorRef sockets, int generation) : IReplicaLinkOwner
{
    public void StreamOffered(OfferedStream stream) => sockets.Tell(new SocketSupervisorProtocol.OpenStream(stream), link);

    public void ServeAnswered(SocketId socketId, ServeCode code) => link.Tell(new LinkProtocol.ServeAnswered(generation, socketId, code));

    public void GoAwayReceived(GoAwayReason reason, TimeSpan grace) => link.Tell(new LinkProtocol.GoAway(generation, reason, grace));

    public void DrainAcknowledged(uint highestOpen) => link.Tell(new LinkProtocol.DrainAcknowledged(generation));

    public void TicketAnswered(bool accepted, string text) => link.Tell(new LinkProtocol.TicketAnswered(generation, accepted, text));
}
