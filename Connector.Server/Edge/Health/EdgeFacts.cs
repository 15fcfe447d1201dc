using Connector.Protocol.Ids;

namespace Connector.Server.Edge.Health;

/// <summary>An edge in numbers.</summary>
/// <param name="Tunnel">host:port that replicas are told to dial.</param>
internal sealed record EdgeFacts(EdgeId EdgeId, string Tunnel, int Sockets, int Links, int Lanes);
