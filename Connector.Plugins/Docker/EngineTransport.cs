using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Connector.Plugins.Http;
using Connector.Plugins.Reachability;
using Connector.Protocol.Tls;
using Docker.DotNet.Handler.Abstractions;
using Microsoft.Extensions.Logging;

namespace Connector.Plugins.Docker;

/// <summary>How the client reaches an engine: with bounded answers, without proxies, and never without verification where there is TLS.</summary>
internal sealed class EngineTransport(HttpMessageHandler handler) : IDockerHandlerFactory<EngineAddress>
{
    private const string EventsPath = "/events";

    public ResolvedTransport CreateHandler(ResolvedClientOptions clientOptions, ILogger logger)
        => throw new NotSupportedException("an engine's address is needed");

    public ResolvedTransport CreateHandler(EngineAddress transportOptions, ResolvedClientOptions clientOptions, ILogger logger)
        => new(handler, transportOptions.Url);

    public Task<WriteClosableStream> HijackStreamAsync(HttpContent content) => throw new NotSupportedException("discovery attaches to no container");

    /// <exception cref="DiscoveryException">The certificates cannot be read.</exception>
    public static HttpMessageHandler Handler(EngineAddress engine, Func<IPAddress, string?> forbids)
    {
        var sockets = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false };
        if (engine.SocketPath is { } path)
        {
            sockets.ConnectCallback = (_, cancellationToken) => ConnectAsync(path, cancellationToken);
        }
        else
        {
            // Whoever gives the connector its environment may lead it anywhere.
            ConnectionWithinReach.Require(sockets, engine.IsConfigured ? forbids : static _ => null);
        }

        sockets.SslOptions = engine.CertificateFolder is { } folder ? Trust(folder, engine) : new SslClientAuthenticationOptions { CertificateChainPolicy = OfflineChain.Policy() };

        return new BoundedHttpHandler(static request => request.RequestUri!.AbsolutePath.EndsWith(EventsPath, StringComparison.Ordinal))
        {
            InnerHandler = sockets,
        };
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static SslClientAuthenticationOptions Trust(string folder, EngineAddress engine)
    {
        try
        {
            var options = new SslClientAuthenticationOptions { CertificateChainPolicy = OfflineChain.Policy() };
            var authority = Path.Combine(folder, "ca.pem");
            if (File.Exists(authority))
            {
                var authorities = new X509Certificate2Collection();
                authorities.ImportFromPemFile(authority);
                options.CertificateChainPolicy = OfflineChain.Under(authorities);
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
