using Akka.Actor;
using Connector.Actors.Control;

namespace Connector.Actors.Registration;

/// <summary>Tells the host that the control session has ended for good.</summary>
internal sealed class SessionEndActor : ReceiveActor
{
    public static Props Props(Action<ControlSessionProtocol.ControlSessionStopped> stopped)
        => Akka.Actor.Props.Create(() => new SessionEndActor(stopped));

    public SessionEndActor(Action<ControlSessionProtocol.ControlSessionStopped> stopped)
        => Receive<ControlSessionProtocol.ControlSessionStopped>(stopped);

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(ControlSessionProtocol.ControlSessionStopped));

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);
}
