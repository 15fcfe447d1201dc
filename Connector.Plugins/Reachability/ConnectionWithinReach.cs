using System.Net;
using System.Net.Sockets;

namespace Connector.Plugins.Reachability;

/// <summary>
/// Connections of HTTP clients to addresses that others have chosen. What is judged is the address that is dialled next, whatever its name means elsewhere or later.
/// </summary>
internal static class ConnectionWithinReach
{
    // Nothing else notices that the other side of a silent stream is gone.
    private static readonly TimeSpan KeepAliveTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(10);

    /// <summary>Makes a client dial nothing else. Without proxies: what they would dial cannot be judged here.</summary>
    public static void Require(SocketsHttpHandler handler, Func<IPAddress, string?> forbids)
    {
        handler.UseProxy = false;
        handler.ConnectCallback = async (context, cancellationToken)
            => new NetworkStream(await ConnectAsync(context.DnsEndPoint, forbids, cancellationToken).ConfigureAwait(false), ownsSocket: true);
    }

    /// <exception cref="OutOfReachException">None of the addresses may be dialled.</exception>
    /// <exception cref="SocketException">The name is not known, or those that may be dialled do not accept.</exception>
    public static async Task<Socket> ConnectAsync(DnsEndPoint to, Func<IPAddress, string?> forbids, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(to.Host, cancellationToken).ConfigureAwait(false);
        Exception? failure = null;
        foreach (var address in addresses)
        {
            if (forbids(address) is { } rule)
            {
                failure ??= new OutOfReachException(address, rule);
                continue;
            }

            try
            {
                return await ConnectAsync(new IPEndPoint(address, to.Port), cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException refused)
            {
                // What was dialled says more than what was not.
                failure = refused;
            }
        }

        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint to, CancellationToken cancellationToken)
    {
        var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)KeepAliveTime.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)KeepAliveInterval.TotalSeconds);
            await socket.ConnectAsync(to, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
