using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Connector.Plugins.Http;
using Docker.DotNet.Handler.Abstractions;
using Microsoft.Extensions.Logging;

namespace Connector.Plugins.Docker;

/// <summary>How the client reaches an engine: with bounded answers, without proxies, and never without verification where there is TLS.</summary>
internal sealed class EngineTransport(HttpMessageHandler handler) : IDockerHandlerFactory<EngineAddress>
{
    private const string EventsPath = "/events";

    private static readonly TimeSpan KeepAliveTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan KeepAliveInterval = TimeSpan.FromSeconds(10);

    public ResolvedTransport CreateHandler(ResolvedClientOptions clientOptions, ILogger logger)
        => throw new NotSupportedException("an engine's address is needed");

    public ResolvedTransport CreateHandler(EngineAddress transportOptions, ResolvedClientOptions clientOptions, ILogger logger)
        => new(handler, transportOptions.Url);

    public Task<WriteClosableStream> HijackStreamAsync(HttpContent content) => throw new NotSupportedException("discovery attaches to no container");

    /// <exception cref="DiscoveryException">The certificates cannot be read.</exception>
    public static HttpMessageHandler Handler(EngineAddress engine)
    {
        var sockets = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false };
        if (engine.SocketPath is { } path)
        {
            sockets.ConnectCallback = (_, cancellationToken) => ConnectAsync(
                new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified),
                socket => socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken));
        }
        else
        {
            // Nothing else notices that the other side of a silent stream of events is gone.
            sockets.ConnectCallback = (context, cancellationToken) => ConnectAsync(
                KeptAlive(new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }),
                socket => socket.ConnectAsync(context.DnsEndPoint, cancellationToken));
        }

        if (engine.CertificateFolder is { } folder)
        {
            sockets.SslOptions = Trust(folder, engine);
        }

        return new BoundedHttpHandler(static request => request.RequestUri!.AbsolutePath.EndsWith(EventsPath, StringComparison.Ordinal))
        {
            InnerHandler = sockets,
        };
    }

    private static async ValueTask<Stream> ConnectAsync(Socket socket, Func<Socket, ValueTask> connect)
    {
        try
        {
            await connect(socket).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Socket KeptAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)KeepAliveTime.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)KeepAliveInterval.TotalSeconds);
        return socket;
    }

    private static SslClientAuthenticationOptions Trust(string folder, EngineAddress engine)
    {
        try
        {
            var options = new SslClientAuthenticationOptions();
            var authority = Path.Combine(folder, "ca.pem");
            if (File.Exists(authority))
            {
                options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
                options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(authority);
            }

            var certificate = Path.Combine(folder, "cert.pem");
            if (File.Exists(certificate))
            {
                options.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, Path.Combine(folder, "key.pem"))];
            }

            return options;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new DiscoveryException(
                DiscoveryFailure.Tls,
                $"The certificates for the Docker engine at {engine.Text} cannot be read from {folder}: it must hold ca.pem, cert.pem and key.pem, readable for this user",
                failure);
        }
    }
}
