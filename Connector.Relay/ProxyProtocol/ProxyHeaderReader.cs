using System.Net.Sockets;

namespace Connector.Relay.ProxyProtocol;

/// <summary>Reads the header at the beginning of a connection, and not one byte more: what follows is the client's.</summary>
public static class ProxyHeaderReader
{
    /// <returns>Null when the connection ended before its first byte: somebody only looked whether the port is open.</returns>
    /// <exception cref="ProxyHeaderException">No header that is taken came, or the connection ended before it was whole.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, which is also the deadline.</exception>
    public static async Task<ProxyHeader?> ReadAsync(Socket connection, CancellationToken cancellationToken)
    {
        var header = new byte[ProxyHeaderCodec.FixedLength];

        // Judged with each piece, so that a client which sends no header, and waits for an answer, is found out at once.
        for (var got = 0; got < ProxyHeaderCodec.FixedLength; ProxyHeaderCodec.CheckStart(header.AsSpan(0, got)))
        {
            var read = await ReceiveAsync(connection, header.AsMemory(got), got, cancellationToken).ConfigureAwait(false);
            if (read == 0)
                return null;
            got += read;
        }

        var whole = ProxyHeaderCodec.FixedLength + ProxyHeaderCodec.RestLength(header);
        Array.Resize(ref header, whole);
        for (var got = ProxyHeaderCodec.FixedLength; got < whole;)
            got += await ReceiveAsync(connection, header.AsMemory(got), got, cancellationToken).ConfigureAwait(false);
        return ProxyHeaderCodec.Read(header);
    }

    private static async ValueTask<int> ReceiveAsync(Socket connection, Memory<byte> into, int got, CancellationToken cancellationToken)
    {
        int read;
        try
        {
            read = await connection.ReceiveAsync(into, SocketFlags.None, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e) when (e.SocketErrorCode != SocketError.OperationAborted)
        {
            // A check of the port may end with a reset as well.
            read = 0;
        }

        return read > 0 || got == 0 ? read : throw new ProxyHeaderException($"the connection was closed after {got} bytes of a PROXY protocol header");
    }
}
