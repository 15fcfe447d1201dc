using System.Net;
using System.Net.Sockets;
using Akka.Streams;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Limits;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Actors.Sockets;

/// <summary>A stream that an edge offers to a socket, until its final answer.</summary>
internal interface IStreamOffer
{
    uint Id { get; }

    SocketId SocketId { get; }

    /// <summary>The end user's address, for log records.</summary>
    string Client { get; }

    /// <summary>The end user's address, for the upstream.</summary>
    IPEndPoint ClientAddress { get; }

    /// <summary>Cancelled when the offer is taken back.</summary>
    CancellationToken Abandoned { get; }

    /// <summary>Bytes that came from the upstream so far; 0 before the stream runs. Thread-safe.</summary>
    long BytesFromUpstream { get; }

    void Accept();

    /// <summary>Ignored after a final answer.</summary>
    void Refuse(RefusalCode code, string text);

    /// <summary>Of the stream that runs: grows with each byte that moves in either direction.</summary>
    long BytesMoved { get; }

    /// <summary>Of the stream that runs: bytes are on their way and cannot get on, so it is not idle.</summary>
    bool BytesWait { get; }

    /// <summary>
    /// Opens the stream and runs it over the upstream's connection, which it owns from here on in every case. Null when the offer was abandoned
    /// or there is no memory; the connection is then closed. The task never faults.
    /// </summary>
    /// <param name="rate">The socket's, shared by its streams.</param>
    Task<StreamOutcome>? Run(Socket upstream, SocketMemory memory, ByteRate rate, IMaterializer materializer);

    /// <summary>Ends the stream that runs, at both ends.</summary>
    /// <param name="reason">Becomes the outcome's reason.</param>
    void End(ResetCode code, string reason);
}
