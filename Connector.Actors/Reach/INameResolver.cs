using System.Net;

namespace Connector.Actors.Reach;

/// <summary>Resolves host names. A seam for tests: the dialer judges whatever addresses come back.</summary>
internal interface INameResolver
{
    /// <exception cref="System.Net.Sockets.SocketException">The name does not resolve.</exception>
    Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken);
}
