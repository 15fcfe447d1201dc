using System.Net;

namespace Connector.Relay.ProxyProtocol;

/// <summary>What a PROXY protocol header, version 2, says.</summary>
/// <param name="IsLocal">The sender speaks for itself, as in a health check; there is no client.</param>
/// <param name="Source">The client. Null when the sender does not know it, or speaks for itself.</param>
/// <param name="Destination">What the client had connected to; null like <paramref name="Source"/>.</param>
public sealed record ProxyHeader(bool IsLocal, IPEndPoint? Source, IPEndPoint? Destination);
