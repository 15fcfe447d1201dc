using System.Net;
using Connector.Protocol.Ids;

namespace Connector.Relay.Links;

/// <summary>What an edge says of a stream it opens.</summary>
/// <param name="Client">Address of the end user's connection.</param>
/// <param name="ServerName">The name the client asked for (SNI), or empty.</param>
/// <param name="UserIdentity">The authenticated user, or empty for a public socket.</param>
/// <param name="TraceContext">W3C traceparent, or empty.</param>
public sealed record OpenRequest(SocketId SocketId, IPEndPoint Client, string ServerName, string UserIdentity, string TraceContext);
