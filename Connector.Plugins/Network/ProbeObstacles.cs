using System.Net;
using System.Net.Sockets;

namespace Connector.Plugins.Network;

internal static class ProbeObstacles
{
    /// <param name="error">Of a socket that could not be made, or could not connect.</param>
    public static ProbeObstacle Of(SocketError error, IPAddress address, LocalNetworks here)
    {
        var isIpv6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        return error switch
        {
            SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable => ProbeObstacle.NoSocket,

            // IPv6 is not in the kernel, or switched off.
            SocketError.AddressFamilyNotSupported or SocketError.ProtocolFamilyNotSupported or SocketError.ProtocolNotSupported
                => isIpv6 ? ProbeObstacle.NoIpv6 : ProbeObstacle.NoRoute,

            // No address of the family to come from; where there is one, no port of it.
            SocketError.AddressNotAvailable => isIpv6 ? ProbeObstacle.NoIpv6 : ProbeObstacle.NoSocket,

            // A route may also say "blackhole" or "prohibit": invalid argument, and access denied.
            SocketError.NetworkUnreachable or SocketError.NetworkDown or SocketError.InvalidArgument or SocketError.AccessDenied
                => here.Nobodys.Contains(address) ? ProbeObstacle.None : isIpv6 && !here.HasIpv6 ? ProbeObstacle.NoIpv6 : ProbeObstacle.NoRoute,
            _ => ProbeObstacle.None,
        };
    }
}
