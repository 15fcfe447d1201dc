using System.Net;
using System.Net.Sockets;

namespace Connector.Benchmarks.Trials.Namespaces;

/// <summary>HTTP to the loopback of a namespace.</summary>
internal static class NamespaceHttp
{
    /// <param name="place">Null: our own.</param>
    public static SocketsHttpHandler Handler(NetworkNamespace? place) => new()
    {
        ConnectCallback = place is null ? null : async (context, cancellation) =>
        {
            var socket = place.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
            try
            {
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, context.DnsEndPoint.Port), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };
}
