using Akka.Actor;
using Akka.Actor.Internal;

namespace Connector.Actors.Sockets;

/// <summary>
/// A crashed socket is stopped, alone; its supervisor then starts a new one by the socket's restart budget and with its present definition,
/// which an Akka restart (old Props, no budget that outlives a change) would not have.
/// </summary>
internal sealed class SocketCrashStrategy(Action<IActorRef, Exception> crashed) : OneForOneStrategy(_ => Directive.Stop)
{
    public override void ProcessFailure(
        IActorContext context,
        bool restart,
        IActorRef child,
        Exception cause,
        ChildRestartStats stats,
        IReadOnlyCollection<ChildRestartStats> children)
    {
        crashed(child, cause);
        base.ProcessFailure(context, restart, child, cause, stats, children);
    }
}
