using System.Net;
using System.Net.Sockets;
using Connector.Actors.Reach;
using Connector.Tests.Processes;

namespace Connector.Tests.Services;

/// <summary>Connects to 127.0.0.1 from another address of loopback: what a server holds against a client's host it holds against that address.</summary>
internal sealed class LoopbackAddress(string address) : IUpstreamDialer
{
    public async Task<DialOutcome> DialAsync(PlainUpstream upstream, CancellationToken cancellationToken)
    {
        try
        {
            var to = new IPEndPoint(IPAddress.Loopback, upstream.Port);
            return new DialOutcome.Connected(await ConnectAsync(upstream.Port, cancellationToken), to);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return new DialOutcome.Refused($"upstream {upstream} refused the connection");
        }
    }

    public async Task<Socket> ConnectAsync(int port, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A port for programs that cannot choose where they connect from.</summary>
    public LoopbackUpstream Forward(int port) => LoopbackUpstream.Start(async (client, cancellation) =>
    {
        using var server = await ConnectAsync(port, cancellation);
        await Task.WhenAll(CopyAsync(client, server, cancellation), CopyAsync(server, client, cancellation));
    });

    private static async Task CopyAsync(Socket from, Socket to, CancellationToken cancellation)
    {
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await from.ReceiveAsync(buffer, cancellation)) > 0)
        {
            await LoopbackUpstream.SendAllAsync(to, buffer.AsMemory(0, count), cancellation);
        }

        to.Shutdown(SocketShutdown.Send);
    }
}
