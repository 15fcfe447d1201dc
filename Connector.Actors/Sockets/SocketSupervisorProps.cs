using Akka.Actor;
using Connector.Actors.Health;
using Connector.Actors.Reach;
using Connector.Actors.Sockets.Checks;
using Connector.Protocol.Variables;
using Connector.Relay.Memory;

namespace Connector.Actors.Sockets;

/// <summary>For the composition of a replica: the actor at <c>/user/sockets</c>.</summary>
public static class SocketSupervisorProps
{
    /// <param name="memory">The same as the links' memory.</param>
    /// <param name="streams">Counts the streams that run; null where nobody asks.</param>
    public static Props Create(RelayMemory memory, ReachPolicy reach, SocketSettings settings, TimeProvider time, RunningStreams? streams = null)
    {
        var dialer = new UpstreamDialer(reach, UpstreamDialerOptions.Detect(), time);
        return SocketSupervisor.Props(new SocketDependencies(
            memory.ForSocket,
            dialer,
            new SocketUpstreamResolver(VariableResolver.OfProcess),
            settings,
            time)
        {
            Streams = streams,
            UpstreamCheckProps = UpstreamCheckActor.Props(dialer, time, Random.Shared.NextDouble),
        });
    }
}
