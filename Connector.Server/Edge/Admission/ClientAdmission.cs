using System.Net;
using Connector.Server.Feed;

namespace Connector.Server.Edge.Admission;

/// <summary>Whether a client's address may use a socket. Default deny.</summary>
internal static class ClientAdmission
{
    public static AdmissionVerdict Decide(EdgeSocket socket, IPAddress client)
    {
        if (!socket.Public)
        {
            return AdmissionVerdict.NotPublic;
        }

        foreach (var network in socket.AllowedIps.AsSpan())
        {
            if (Contains(network, client))
            {
                return AdmissionVerdict.Admitted;
            }
        }

        return AdmissionVerdict.AddressNotAllowed;
    }

    /// <summary>Whether connections from there begin with a PROXY protocol header that is to be believed.</summary>
    public static bool IsBalancer(EdgeSocket socket, IPAddress peer)
    {
        foreach (var network in socket.ProxyProtocolFrom.AsSpan())
        {
            if (Contains(network, peer))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>IPv4 as itself: a dual-stack listener shows it as ::ffff:a.b.c.d.</summary>
    public static IPAddress Normalize(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    // A network may be written in the mapped form as well; then it is compared in that form. ::/0 does not cover IPv4.
    private static bool Contains(IPNetwork network, IPAddress client)
        => network.BaseAddress.IsIPv4MappedToIPv6
            ? network.PrefixLength >= 96 && network.Contains(client.MapToIPv6())
            : network.Contains(Normalize(client));
}
