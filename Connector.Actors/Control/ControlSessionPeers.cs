using Akka.Actor;

namespace Connector.Actors.Control;

/// <summary>Whom the control session talks to. References only, so that the same actor runs alone and as a singleton of a group.</summary>
/// <param name="State">DesiredStateActor.</param>
/// <param name="Sockets">SocketSupervisor, asked once for the states it has published before.</param>
/// <param name="Links">LinkSupervisor.</param>
/// <param name="Logs">LogShipperActor.</param>
public sealed record ControlSessionPeers(IActorRef State, IActorRef Sockets, IActorRef Links, IActorRef Logs);
