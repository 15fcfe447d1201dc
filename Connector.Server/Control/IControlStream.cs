using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Grpc.Core;

namespace Connector.Server.Control;

/// <summary>A control stream as its connector's entity sees it. Nothing here blocks or waits.</summary>
internal interface IControlStream
{
    long StreamId { get; }

    /// <summary>When something was last received.</summary>
    DateTimeOffset LastHeard { get; }

    /// <summary>The claim is accepted and its epoch committed: from now on messages are read.</summary>
    void Accept(SessionEpoch epoch);

    /// <summary>Queues a message; a peer that lets too much pile up is ended by that. Nothing happens when the stream has ended.</summary>
    void Send(ControlStreamResponse message);

    /// <summary>Ends the stream; the first end counts.</summary>
    void End(StatusCode code, string reason, TimeSpan? retryAfter);

    /// <summary>The entity has handled one message of this stream; as many as are unhandled are bounded.</summary>
    void Handled();
}
