using Akka.Actor;

namespace Connector.Actors.Control;

/// <summary>Whom the agent of this replica talks to.</summary>
/// <param name="State">DesiredStateActor, which also holds edges and ticket and hands them on to the links.</param>
/// <param name="Sockets">SocketSupervisor, asked once for the states it has published before.</param>
/// <param name="Logs">LogShipperActor.</param>
public sealed record ControlSessionPeers(IActorRef State, IActorRef Sockets, IActorRef Logs);
