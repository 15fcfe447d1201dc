using System.Net.Sockets;
using Akka.Streams;
using Connector.Relay.Frames;
using Connector.Relay.Streams;

namespace Connector.Server.Edge.Links;

/// <summary>An opened stream that waits for its client's connection.</summary>
internal interface IRelayedStream
{
    /// <summary>Takes over the client's connection and relays until both ends are done. The task never faults.</summary>
    Task<StreamOutcome> RunAsync(Socket client, IMaterializer materializer);

    void Reset(ResetCode code);
}
