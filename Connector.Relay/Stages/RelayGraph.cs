using System.Net.Sockets;
using Akka.Streams.Dsl;
using Connector.Relay.Streams;

namespace Connector.Relay.Stages;

/// <summary>The graph of one stream: a TCP socket joined with a relay stream, both directions in one fused island.</summary>
public static class RelayGraph
{
    /// <summary>
    /// Run it with the materializer of the actor that owns the stream: stopping that actor ends the stream (reset at the other end, socket
    /// closed, buffers back). Takes ownership of the socket. The task never faults.
    /// </summary>
    public static IRunnableGraph<Task<StreamOutcome>> Create(Socket socket, RelayStream stream) => throw new NotImplementedException();
}
