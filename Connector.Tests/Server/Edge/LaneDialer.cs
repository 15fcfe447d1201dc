using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Connector.Relay.Lanes;

namespace Connector.Tests.Server.Edge;

/// <summary>A replica's side of the TLS of a lane, right or wrong as the test wants it.</summary>
internal static class LaneDialer
{
    public static async Task<NetworkStream> ConnectAsync(IPEndPoint endPoint)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, endPoint.Port));
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <param name="certificate">The replica's; null shows none.</param>
    /// <param name="server">The only certificate that is trusted.</param>
    /// <param name="protocol">For ALPN; null asks for none.</param>
    public static async Task<SslStream> SecureAsync(
        Stream raw, X509Certificate2? certificate, X509Certificate2 server, string? protocol = LaneHandshake.ApplicationProtocol)
    {
        var tls = new SslStream(raw, leaveInnerStreamOpen: false);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "edge",
            ApplicationProtocols = protocol is null ? null : [new SslApplicationProtocol(protocol)],
            ClientCertificateContext =
                certificate is null ? null : SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == server.GetCertHashString(),
        });
        return tls;
    }

    public static async Task<SslStream> DialAsync(IPEndPoint endPoint, X509Certificate2? certificate, X509Certificate2 server)
        => await SecureAsync(await ConnectAsync(endPoint), certificate, server);

    /// <summary>Reads until the other end is done with this connection, in whichever way.</summary>
    public static async Task DrainAsync(Stream stream)
    {
        var buffer = new byte[256];
        try
        {
            while (await stream.ReadAsync(buffer) > 0)
            {
            }
        }
        catch (IOException)
        {
        }
    }
}
