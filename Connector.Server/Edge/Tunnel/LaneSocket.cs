using System.Net.Sockets;
using Connector.Relay.Frames;

namespace Connector.Server.Edge.Tunnel;

/// <summary>TCP options of a lane.</summary>
internal static class LaneSocket
{
    private const int Unsent = 128 * 1024;
    private const int TcpLevel = 6;
    private const int NotSentLowWaterLinux = 25;
    private const int NotSentLowWaterMac = 0x201;

    /// <summary>Shared lanes keep little unsent in the kernel, so that small frames do not queue behind megabytes. Best effort.</summary>
    public static void Configure(Socket socket, LaneKind kind)
    {
        var option = OperatingSystem.IsLinux() ? NotSentLowWaterLinux : OperatingSystem.IsMacOS() ? NotSentLowWaterMac : 0;
        if (kind != LaneKind.Shared || option == 0)
        {
            return;
        }

        try
        {
            socket.SetRawSocketOption(TcpLevel, option, BitConverter.GetBytes(Unsent));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // An old kernel, or the peer has gone: the lane works without it.
        }
    }
}
