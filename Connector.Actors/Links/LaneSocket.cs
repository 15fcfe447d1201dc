using System.Net.Sockets;

namespace Connector.Actors.Links;

/// <summary>Options of a lane's TCP connection.</summary>
internal static class LaneSocket
{
    // linux/tcp.h. The kernel reports the socket writable only below this, so small frames do not queue behind megabytes.
    private const int LinuxTcpLevel = 6;
    private const int LinuxTcpNotSentLowat = 25;
    private const int NotSentBytes = 128 * 1024;

    public static void Configure(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        if (!OperatingSystem.IsLinux())
            return;

        try
        {
            socket.SetRawSocketOption(LinuxTcpLevel, LinuxTcpNotSentLowat, BitConverter.GetBytes(NotSentBytes));
        }
        catch (SocketException)
        {
            // Some sandboxes lack it. It shortens queues, nothing depends on it.
        }
    }
}
