using System.Net;
using System.Net.Sockets;

namespace Connector.Host.Running;

/// <summary>Whether an address can be listened on, asked before something listens on it whose own words would say less.</summary>
internal static class ListenAddress
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <returns>Success, or why not.</returns>
    public static SocketError Probe(IPEndPoint address)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(address);
            socket.Listen(1);
            return SocketError.Success;
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode;
        }
    }

    /// <summary>With patience for a predecessor that has been asked to stop and is about to let go; other reasons are not waited for.</summary>
    /// <returns>Success, or why not.</returns>
    public static async Task<SocketError> WaitUntilFreeAsync(IPEndPoint address, TimeSpan patience, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var found = Probe(address);
            if (found != SocketError.AddressAlreadyInUse || TimeProvider.System.GetElapsedTime(began) >= patience)
            {
                return found;
            }

            await Task.Delay(Poll, cancellationToken).ConfigureAwait(false);
        }
    }
}
