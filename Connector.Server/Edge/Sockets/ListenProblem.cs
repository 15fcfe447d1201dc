using System.Net;
using System.Net.Sockets;

namespace Connector.Server.Edge.Sockets;

/// <summary>Says why a port could not be opened and what to do about it.</summary>
internal static class ListenProblem
{
    /// <param name="remedy">What to change, for example "give the socket another port".</param>
    public static string Describe(IPAddress address, int port, SocketError error, string remedy) => error switch
    {
        SocketError.AddressAlreadyInUse =>
            $"port {port} is in use, by another program or another socket: stop that one, or {remedy}",
        SocketError.AccessDenied =>
            $"this process may not open port {port}: grant it the right (ports below 1024 need CAP_NET_BIND_SERVICE on Linux), or {remedy}",
        SocketError.AddressNotAvailable =>
            $"address {address} does not belong to this machine: correct the bind address of the edge",
        _ => $"port {port} on {address} could not be opened ({error}): {remedy}",
    };

    public static string OutOfRange(int port, PortRange range)
        => $"port {port} is outside this edge's range {range}: give the socket a port of that range, or widen the range (--edge-ports)";
}
