namespace Connector.Plugins.Network;

/// <summary>What a scan that has ended says of what it could not try.</summary>
/// <param name="total">Addresses and ports.</param>
/// <param name="hasIpv4">Whether there were addresses of IPv4 among them.</param>
internal sealed class ScanObstacles(NetworkScan scan, long total, bool hasIpv4)
{
    private readonly long forbidden = scan.Count(ProbeObstacle.Forbidden);
    private readonly long noRoute = scan.Count(ProbeObstacle.NoRoute);
    private readonly long noIpv6 = scan.Count(ProbeObstacle.NoIpv6);
    private readonly long noSocket = scan.Count(ProbeObstacle.NoSocket);

    /// <summary>When nothing was tried: the reason that says most.</summary>
    public (DiscoveryFailure Kind, string Why)? Failure
        => total == 0 || forbidden + noRoute + noIpv6 + noSocket < total ? null
            : noRoute > 0 ? (DiscoveryFailure.Unreachable, "this machine has no route to the target; check its network (ip route)")
            : noSocket > 0 ? (DiscoveryFailure.Unreachable, "no sockets left; raise the limit of open files")
            : noIpv6 > 0 ? (DiscoveryFailure.Unreachable, "this machine has no IPv6; name addresses of IPv4, or check its network (ip -6 addr)")
            : (DiscoveryFailure.Configuration, $"the target is outside of this connector's reach: {scan.Rule}; scan another one, or see the section reach of the connector's own configuration");

    /// <summary>What is not for this connector to find.</summary>
    public IEnumerable<string> Warnings
    {
        get
        {
            if (forbidden > 0)
            {
                yield return $"{forbidden} of {total} addresses and ports are left out: they are outside of this connector's reach ({scan.Rule}; see the section reach of its configuration)";
            }

            if (noIpv6 > 0 && hasIpv4)
            {
                yield return "The target's addresses of IPv6 are left out: this machine has no IPv6";
            }
        }
    }

    /// <summary>What may be there all the same.</summary>
    public IEnumerable<string> Gaps
    {
        get
        {
            if (noRoute > 0)
            {
                yield return $"{noRoute} of {total} addresses and ports were not tried: there is no route to them from here; check this machine's network (ip route)";
            }

            if (noIpv6 > 0 && !hasIpv4)
            {
                yield return $"{noIpv6} of {total} addresses and ports were not tried: this machine has no IPv6";
            }

            if (noSocket > 0)
            {
                yield return $"{noSocket} of {total} addresses and ports were not tried: no sockets were left; raise the limit of open files, or lower max_in_flight";
            }
        }
    }
}
