using Akka.Actor;

namespace Connector.Actors.State;

/// <summary>Whom the desired state is handed on to.</summary>
/// <param name="Sockets">SocketSupervisor.</param>
/// <param name="Links">LinkSupervisor.</param>
/// <param name="StateFile">StateFileActor; nobody where state is kept in memory only.</param>
internal sealed record DesiredStatePeers(IActorRef Sockets, IActorRef Links, IActorRef StateFile);
