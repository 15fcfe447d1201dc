using System.Net;

namespace Connector.Server.Edge;

/// <summary>
/// Takes over a fresh connection whose TLS ClientHello offered the relay's ALPN. The HTTPS port hands such connections over so that a
/// replica needs only one port out.
/// </summary>
public interface ILaneAcceptor
{
    /// <summary>
    /// Runs the TLS handshake and the lane. Owns the stream. Completes when the connection is over; never faults for anything the peer does.
    /// </summary>
    /// <param name="raw">Not yet TLS: nothing of it was consumed.</param>
    Task AcceptAsync(Stream raw, EndPoint? remote, CancellationToken cancellationToken);
}
