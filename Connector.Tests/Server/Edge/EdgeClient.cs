using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Connector.Tests.Server.Edge;

/// <summary>An end user's connection to a socket of the edge.</summary>
internal sealed class EdgeClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private bool wasReset;

    public IPEndPoint Address => (IPEndPoint)socket.LocalEndPoint!;

    /// <param name="from">The client's own address, any of 127.0.0.0/8 where the system has them all.</param>
    public static async Task<EdgeClient> ConnectAsync(IPEndPoint endPoint, string from = "127.0.0.1")
    {
        var client = new EdgeClient();
        client.socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await client.socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, endPoint.Port), patience.Token);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // It was accepted and reset before this side looked.
            client.wasReset = true;
        }

        return client;
    }

    public async Task SendAsync(string text)
    {
        using var patience = new CancellationTokenSource(Patience);
        await socket.SendAsync(Encoding.Latin1.GetBytes(text), patience.Token);
    }

    public async Task<string> ReceiveAsync(int length)
    {
        using var patience = new CancellationTokenSource(Patience);
        var buffer = new byte[length];
        for (var got = 0; got < length;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(got), patience.Token);
            Assert.True(read > 0, $"the connection ended after {got} of {length} bytes");
            got += read;
        }

        return Encoding.Latin1.GetString(buffer);
    }

    public async Task<string> EchoAsync(string text)
    {
        await SendAsync(text);
        return await ReceiveAsync(text.Length);
    }

    /// <summary>Waits for the end of the connection: "reset", or "closed" for a plain close.</summary>
    public async Task<string> EndAsync()
    {
        if (wasReset)
        {
            return "reset";
        }

        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var read = await socket.ReceiveAsync(new byte[1], patience.Token);
            return read == 0 ? "closed" : "data";
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
        {
            return "reset";
        }
    }

    public void Dispose() => socket.Dispose();
}
