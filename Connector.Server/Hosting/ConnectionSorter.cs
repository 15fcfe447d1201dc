using System.Buffers;
using System.Text;
using Connector.Server.Edge;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Hosting;

/// <summary>
/// First on the HTTPS port: looks at the ClientHello and hands tunnel lanes to the edge before any TLS is done, so that only they are asked for a client
/// certificate. Everything else goes on to Kestrel's own TLS. Who sends nothing in time, or no TLS, is closed here.
/// </summary>
internal sealed partial class ConnectionSorter(ConnectionDelegate next, ILaneAcceptor? lanes, TimeSpan deadline, TimeProvider time, ILogger logger)
{
    public static readonly byte[] RelayProtocol = "border0-relay/1"u8.ToArray();

    private static readonly byte[] PlainHttpAnswer = Encoding.ASCII.GetBytes(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 56\r\n\r\nThis port speaks HTTPS. Use https:// instead of http://\n");

    public async Task OnConnectionAsync(ConnectionContext connection)
    {
        var kind = await SortAsync(connection).ConfigureAwait(false);
        switch (kind)
        {
            case ClientHelloKind.RelayLane when lanes is not null:
                var stream = new DuplexPipeStream(connection.Transport);
                await using (stream.ConfigureAwait(false))
                {
                    await lanes.AcceptAsync(stream, connection.RemoteEndPoint, connection.ConnectionClosed).ConfigureAwait(false);
                }

                break;
            case ClientHelloKind.Other or ClientHelloKind.RelayLane:
                await next(connection).ConfigureAwait(false);
                break;
            case ClientHelloKind.NotTls:
                LogNotTls(logger, connection.RemoteEndPoint);
                break;
            default:
                LogNothing(logger, connection.RemoteEndPoint);
                break;
        }
    }

    private async Task<ClientHelloKind> SortAsync(ConnectionContext connection)
    {
        using var timeout = new CancellationTokenSource(deadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, connection.ConnectionClosed);
        var input = connection.Transport.Input;
        try
        {
            while (true)
            {
                var result = await input.ReadAsync(either.Token).ConfigureAwait(false);
                var kind = ClientHello.Read(result.Buffer, RelayProtocol);
                if (kind == ClientHelloKind.Incomplete && !result.IsCompleted && !result.IsCanceled)
                {
                    input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                    continue;
                }

                if (kind == ClientHelloKind.NotTls && LooksLikeHttp(result.Buffer))
                {
                    await connection.Transport.Output.WriteAsync(PlainHttpAnswer, either.Token).ConfigureAwait(false);
                }

                // Nothing is consumed and nothing marked as seen: the next reader gets all of it at once.
                input.AdvanceTo(result.Buffer.Start);
                return kind;
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ConnectionResetException)
        {
            return ClientHelloKind.Incomplete;
        }
    }

    /// <summary>An upper-case letter begins every HTTP method.</summary>
    private static bool LooksLikeHttp(ReadOnlySequence<byte> received) => received.FirstSpan[0] is >= (byte)'A' and <= (byte)'Z';

    [LoggerMessage(Level = LogLevel.Debug, Message = "A connection from {Remote} to the HTTPS port did not begin with TLS and was closed")]
    private static partial void LogNotTls(ILogger logger, System.Net.EndPoint? remote);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A connection from {Remote} to the HTTPS port sent no TLS ClientHello in time and was closed")]
    private static partial void LogNothing(ILogger logger, System.Net.EndPoint? remote);
}
