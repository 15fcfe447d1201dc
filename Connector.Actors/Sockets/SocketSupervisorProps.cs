using Akka.Actor;
using Connector.Actors.Reach;
using Connector.Protocol.Variables;
using Connector.Relay.Memory;

namespace Connector.Actors.Sockets;

/// <summary>For the composition of a replica: the actor at <c>/user/sockets</c>.</summary>
public static class SocketSupervisorProps
{
    /// <param name="memory">The same as the links' memory.</param>
    public static Props Create(RelayMemory memory, ReachPolicy reach, SocketSettings settings, TimeProvider time)
        => SocketSupervisor.Props(new SocketDependencies(
            memory.ForSocket,
            new UpstreamDialer(reach, UpstreamDialerOptions.Detect(), time),
            new SocketUpstreamResolver(VariableResolver.OfProcess),
            settings,
            time));
}
