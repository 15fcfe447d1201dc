using System.Net.Sockets;
using Akka.Streams;
using Connector.Relay.Frames;
using Connector.Relay.Streams;

namespace Connector.Server.Edge.Links;

/// <summary>An opened stream that waits for its client's connection.</summary>
internal interface IRelayedStream
{
    /// <summary>
    /// Takes over the client's connection and relays until both ends are done. Never throws, the task never faults: also when the materializer
    /// has ended.
    /// </summary>
    Task<StreamOutcome> RunAsync(Socket client, IMaterializer materializer);

    void Reset(ResetCode code);
}
