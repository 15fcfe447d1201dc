using System.Net;

namespace Connector.Actors.Reach;

/// <summary>The system's resolver. Literals in any spelling (decimal, octal, hexadecimal) resolve to the address that a dial would use.</summary>
internal sealed class SystemNameResolver : INameResolver
{
    public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
        => IPAddress.TryParse(host, out var literal)
            ? Task.FromResult<IPAddress[]>([literal])
            : Dns.GetHostAddressesAsync(host, cancellationToken);
}
