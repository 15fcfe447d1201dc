using Akka.Actor;
using Akka.Remote;
using Connector.Protocol.Ids;

namespace Connector.Actors.Group;

/// <summary>A group system that another one has quarantined is of no use any more: it has to come back as a new one.</summary>
internal sealed class QuarantineActor : ReceiveActor
{
    public QuarantineActor(GroupBootId of, IActorRef group)
        => Receive<ThisActorSystemQuarantinedEvent>(e => group.Tell(new GroupProtocol.GroupBroken(of, $"the replica at {e.RemoteAddress} has shut this one out")));

    public static Props Props(GroupBootId of, IActorRef group) => Akka.Actor.Props.Create(() => new QuarantineActor(of, group));

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(ThisActorSystemQuarantinedEvent));

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);
}
