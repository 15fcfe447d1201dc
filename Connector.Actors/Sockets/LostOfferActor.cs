using Akka.Actor;
using Akka.Event;
using Connector.Relay.Frames;

namespace Connector.Actors.Sockets;

/// <summary>
/// Answers offers that were in the mailbox of a socket's actor when it stopped: without an answer the end user would wait for the edge's
/// deadline. An actor of its own, so that a burst of dead letters from elsewhere delays no socket.
/// </summary>
internal sealed class LostOfferActor : ReceiveActor
{
    public LostOfferActor()
    {
        Receive<DeadLetter>(letter =>
        {
            if (letter.Message is SocketProtocol.Open open)
                open.Offer.Refuse(RefusalCode.Busy, $"socket {open.Offer.SocketId} stopped on this replica before it could take the stream");
        });
    }

    public static Props Props() => Akka.Actor.Props.Create(() => new LostOfferActor());

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);
}
