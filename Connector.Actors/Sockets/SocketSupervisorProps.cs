using Akka.Actor;
using Connector.Actors.Reach;
using Connector.Actors.Sockets.Checks;
using Connector.Protocol.Variables;
using Connector.Relay.Memory;

namespace Connector.Actors.Sockets;

/// <summary>For the composition of a replica: the actor at <c>/user/sockets</c>.</summary>
public static class SocketSupervisorProps
{
    /// <param name="memory">The same as the links' memory.</param>
    public static Props Create(RelayMemory memory, ReachPolicy reach, SocketSettings settings, TimeProvider time)
    {
        var dialer = new UpstreamDialer(reach, UpstreamDialerOptions.Detect(), time);
        return SocketSupervisor.Props(new SocketDependencies(
            memory.ForSocket,
            dialer,
            new SocketUpstreamResolver(VariableResolver.OfProcess),
            settings,
            time)
        {
            UpstreamCheckProps = UpstreamCheckActor.Props(dialer, time, Random.Shared.NextDouble),
        });
    }
}
