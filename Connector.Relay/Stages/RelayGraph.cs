using System.Net.Sockets;
using Akka;
using Akka.Pattern;
using Akka.Streams;
using Akka.Streams.Dsl;
using Connector.Relay.Frames;
using Connector.Relay.Limits;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Relay.Stages;

/// <summary>The graph of one stream: a TCP socket joined with a relay stream, both directions in one fused island.</summary>
public static class RelayGraph
{
    /// <summary>
    /// Run it with the materializer of the actor that owns the stream: stopping that actor ends the stream (reset at the other end, socket
    /// closed, buffers back). Takes ownership of the socket. The task never faults.
    /// </summary>
    public static IRunnableGraph<Task<StreamOutcome>> Create(Socket socket, RelayStream stream) => Create(socket, stream, through: null);

    /// <summary>Creates and runs. When the materializer has been shut down meanwhile, socket and stream are ended and the outcome says so.</summary>
    public static Task<StreamOutcome> Run(IMaterializer materializer, Socket socket, RelayStream stream) => Run(materializer, socket, stream, null);

    /// <summary>As the other, under the limits of a socket.</summary>
    public static Task<StreamOutcome> Run(IMaterializer materializer, Socket socket, LimitedStream limited)
        => Run(materializer, socket, limited.Stream, limited);

    private static Task<StreamOutcome> Run(IMaterializer materializer, Socket socket, RelayStream stream, LimitedStream? limited)
    {
        try
        {
            return Create(socket, stream, through: null, limited).Run(materializer);
        }
        catch (Exception stopped) when (stopped is IllegalStateException or InvalidOperationException)
        {
            socket.Dispose();
            stream.Reset(ResetCode.Policy);
            return Task.FromResult(stream.Outcome!);
        }
    }

    /// <param name="through">For fault injection: a stage between socket and stream on the way out.</param>
    internal static IRunnableGraph<Task<StreamOutcome>> Create(
        Socket socket, RelayStream stream, IGraph<FlowShape<RelayBuffer, RelayBuffer>, NotUsed>? through, LimitedStream? limited = null)
    {
        var local = Flow.FromGraph<RelayBuffer, RelayBuffer, NotUsed>(new SocketStage(socket, stream, limited));
        if (through is not null)
            local = local.Via(through);
        return local.JoinMaterialized(Flow.FromGraph(new StreamStage(stream)), Keep.Right);
    }
}
