using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Akka.Hosting;
using Connector.Protocol.Tokens;
using Connector.Server.Certificates;
using Connector.Server.Control;
using Connector.Server.Edge;
using Connector.Server.Feed.Serving;
using Connector.Server.Feed.Wire;
using Connector.Server.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Connector.Server.Hosting;

/// <summary>
/// Composes the control plane's web application: ports and their limits, the actor system with the connector entities, and the control stream service.
/// The caller adds the rest before it builds: <see cref="IControlStore"/>, <see cref="TokenIssuer"/>, <see cref="TokenVerifier"/> and
/// <see cref="IEdgeDirectory"/> as singletons; an <see cref="ILaneAcceptor"/> when an edge runs here too; REST and portal after it is built.
/// </summary>
public static class ControlPlaneHost
{
    /// <summary>
    /// Call first; the certificates it opens are needed for tokens (their pins). They are disposed with the application's services.
    /// </summary>
    /// <exception cref="CertificateException">Certificates cannot be read or made.</exception>
    public static ServerCertificates OpenCertificates(ControlPlaneHostOptions options, TimeProvider time, ILogger? logger = null)
        => OpenCertificates(options.CertificateFile, options.CertificateKeyFile, options.CertificateDirectory, options.CertificateHosts, time, logger ?? NullLogger.Instance);

    internal static ServerCertificates OpenCertificates(
        string? certificateFile, string? keyFile, string directory, ImmutableArray<string> hosts, TimeProvider time, ILogger logger)
        => (certificateFile, keyFile) switch
        {
            ({ } certificate, { } key) => ServerCertificates.OpenFiles(certificate, key, time, logger),
            (null, null) => ServerCertificates.OpenOwn(directory, new ServerNames(hosts), time, logger),
            _ => throw new CertificateException(
                "The server certificate is configured by half: give both the certificate file and its key file, or neither to use the server's own CA."),
        };

    // The host stops the actor system. A hook of Akka's own would stop it at the signal, before the edge has reset its streams and, under dev, before
    // the replica has left; and at its end Akka writes to standard output by itself.
    internal const string QuietAkka = "akka { stdout-loglevel = OFF, log-dead-letters = off, log-dead-letters-during-shutdown = off, coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off } }";

    public static WebApplicationBuilder AddControlPlane(this WebApplicationBuilder builder, ControlPlaneHostOptions options, ServerCertificates certificates)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        // By factory, so that the container disposes them.
        services.AddSingleton(_ => certificates);
        services.TryAddSingleton<IEdgeDirectory>(new FixedEdgeDirectory([]));
        services.AddSingleton(provider => new ControlServices(
            provider.GetRequiredService<IControlStore>(), provider.GetRequiredService<TokenIssuer>(), provider.GetRequiredService<IEdgeDirectory>(),
            options.ControlPlaneId, options.Limits, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()));
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = options.Limits.MaxMessageSize;
            grpc.MaxSendMessageSize = options.Limits.MaxMessageSize;
            grpc.EnableDetailedErrors = false;
        }).AddServiceOptions<EdgeFeedService>(feed =>
        {
            feed.MaxReceiveMessageSize = FeedBounds.MaxMessageSize;
            feed.MaxSendMessageSize = FeedBounds.MaxMessageSize;
        });
        services.AddAkka("control-plane", (akka, provider) => akka
            .AddHocon(QuietAkka, HoconAddMode.Prepend)
            .ConfigureLoggers(logging =>
            {
                logging.AddLoggerFactory();
                logging.ClearLoggers();
                logging.AddLogger<ActorLogger>();
            })
            .WithActors((system, registry) => registry.Register<ConnectorsActor>(
                system.ActorOf(ConnectorsActor.Props(provider.GetRequiredService<ControlServices>()), ConnectorsActor.Name))));
        // At Information the frameworks write a line per request and a stack trace for a peer that breaks off.
        builder.Logging.AddFilter("Grpc", LogLevel.Warning).AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.WebHost.UseKestrelCore();
        services.AddOptions<KestrelServerOptions>().Configure<IServiceProvider>((kestrel, provider) => ConfigureKestrel(kestrel, options, certificates, provider));
        builder.WebHost.UseKestrelHttpsConfiguration();
        return builder;
    }

    /// <summary>Maps the control stream. REST and portal are mapped beside it by their own extensions.</summary>
    public static WebApplication MapControlStream(this WebApplication application)
    {
        application.MapGrpcService<ControlStreamService>();
        return application;
    }

    /// <summary>What the ports are once the application has started, in the order HTTPS, HTTP.</summary>
    public static ImmutableArray<Uri> Addresses(WebApplication application)
        => [.. application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Select(address => new Uri(address))];

    private static void ConfigureKestrel(KestrelServerOptions kestrel, ControlPlaneHostOptions options, ServerCertificates certificates, IServiceProvider provider)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        kestrel.Limits.MaxRequestBodySize = options.MaxRequestBodySize;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
        kestrel.Limits.MinResponseDataRate = new MinDataRate(240, TimeSpan.FromSeconds(20));
        // A token may be 16 KiB long.
        kestrel.Limits.MaxRequestHeadersTotalSize = 48 * 1024;
        kestrel.Limits.Http2.MaxRequestHeaderFieldSize = 24 * 1024;
        kestrel.Limits.Http2.MaxStreamsPerConnection = 100;
        // A frozen or cut-off peer is noticed by its missing answer.
        kestrel.Limits.Http2.KeepAlivePingDelay = options.PingInterval;
        kestrel.Limits.Http2.KeepAlivePingTimeout = options.PingTimeout;
        kestrel.Listen(options.Https, listen => ConfigureHttps(listen, options, certificates, provider));
        if (options.Http is { } http)
        {
            if (!IPAddress.IsLoopback(http.Address))
            {
                throw new ArgumentException($"Plain HTTP on {http} would send admin tokens unencrypted; it is served on loopback only. Use the HTTPS port, or a loopback address.");
            }

            kestrel.Listen(http, listen => listen.Protocols = HttpProtocols.Http1);
        }
    }

    private static void ConfigureHttps(ListenOptions listen, ControlPlaneHostOptions options, ServerCertificates certificates, IServiceProvider provider)
    {
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        var lanes = provider.GetService<ILaneAcceptor>();
        var time = provider.GetRequiredService<TimeProvider>();
        var logger = provider.GetRequiredService<ILoggerFactory>().CreateLogger<ConnectionSorter>();
        listen.Use(next => new ConnectionSorter(next, lanes, options.HandshakeDeadline, time, logger).OnConnectionAsync);
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = options.HandshakeDeadline,
            // Asked for each handshake, so a renewed certificate needs no restart. No client certificate is asked for: browsers would prompt.
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificates.Current,
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            }),
        });
    }
}
