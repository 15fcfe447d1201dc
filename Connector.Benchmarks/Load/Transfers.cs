using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Connector.Benchmarks.Load;

/// <summary>The blocking pieces that both ends are made of.</summary>
internal static class Transfers
{
    public static Socket Connect(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(new IPEndPoint(IPAddress.Loopback, port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public static void SendRequest(Socket connection, byte kind, long length)
    {
        Span<byte> request = stackalloc byte[LoadProtocol.RequestLength];
        request[0] = kind;
        BinaryPrimitives.WriteInt64BigEndian(request[1..], length);
        connection.Send(request);
    }

    public static long ReadLength(Socket connection, byte[] request)
    {
        ReceiveExactly(connection, request.AsSpan(1));
        return BinaryPrimitives.ReadInt64BigEndian(request.AsSpan(1));
    }

    public static void Send(Socket connection, long length)
    {
        var chunk = new byte[LoadProtocol.ChunkLength];
        Random.Shared.NextBytes(chunk);
        while (length > 0)
        {
            length -= connection.Send(chunk.AsSpan(0, (int)Math.Min(length, chunk.Length)));
        }
    }

    public static void Receive(Socket connection, long length)
    {
        var chunk = new byte[LoadProtocol.ChunkLength];
        while (length > 0)
        {
            var count = connection.Receive(chunk.AsSpan(0, (int)Math.Min(length, chunk.Length)));
            length -= count > 0 ? count : throw new EndOfStreamException($"The connection ended with {length} bytes still due.");
        }
    }

    public static void ReceiveExactly(Socket connection, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var count = connection.Receive(buffer);
            buffer = count > 0 ? buffer[count..] : throw new EndOfStreamException($"The connection ended with {buffer.Length} bytes still due.");
        }
    }
}
