using Akka.Actor;
using Akka.Actor.Internal;

namespace Connector.Actors.Sockets;

/// <summary>
/// A crashed socket is stopped, alone; its supervisor then starts a new one by the socket's restart budget and with its present definition,
/// which an Akka restart (old Props, no budget that outlives a change) would not have.
/// </summary>
/// <param name="checks">The one child that is no socket: it goes on after a crash with what it knew.</param>
internal sealed class SocketCrashStrategy(IActorRef? checks, Action<IActorRef, Exception> crashed) : OneForOneStrategy(_ => Directive.Stop)
{
    public override void ProcessFailure(
        IActorContext context,
        bool restart,
        IActorRef child,
        Exception cause,
        ChildRestartStats stats,
        IReadOnlyCollection<ChildRestartStats> children)
    {
        if (child.Equals(checks))
        {
            RestartChild(child, cause, suspendFirst: false);
            return;
        }

        crashed(child, cause);
        base.ProcessFailure(context, restart, child, cause, stats, children);
    }
}
