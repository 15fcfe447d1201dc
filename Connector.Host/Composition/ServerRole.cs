using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Connector.Host.Errors;
using Connector.Host.Running;
using Connector.Server.Api;
using Connector.Server.Certificates;
using Connector.Server.Control;
using Connector.Server.Edge;
using Connector.Server.Feed;
using Connector.Server.Feed.Serving;
using Connector.Server.Hosting;
using Connector.Server.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Connector.Host.Composition;

/// <summary>Control plane, edge and portal as one of the process's two hosts.</summary>
internal static class ServerRole
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Returns when every listener accepts connections.</summary>
    /// <exception cref="ConnectorError">A port is in use, or the store cannot be opened.</exception>
    public static async Task<RunningServer> StartAsync(ServerRoleOptions options, CancellationToken cancellationToken)
    {
        if (!options.Roles.Contains("control"))
        {
            throw new ConnectorError(
                $"Cannot start the roles {string.Join(", ", options.Roles)}", "a portal needs its control plane in the same process",
                "Start with --roles control,portal, with an edge here as well (control,edge,portal), or an edge by itself (edge)", ExitCode.Usage);
        }

        WebApplication? app = null;
        var start = new StartPhase();
        try
        {
            app = Build(options, start);
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
            start.End();
            return Running(app, options);
        }
        catch (Exception failure)
        {
            if (app is not null)
            {
                await app.DisposeAsync().ConfigureAwait(false);
            }

            if (Explain(failure, options) is { } error)
            {
                throw error;
            }

            throw;
        }
    }

    private static WebApplication Build(ServerRoleOptions options, StartPhase start)
    {
        var address = options.LoopbackOnly ? IPAddress.Loopback : IPAddress.IPv6Any;
        var host = new ControlPlaneHostOptions
        {
            DataDirectory = options.DataDirectory,
            Https = new IPEndPoint(address, options.HttpsPort),
            Http = options.HttpPort is { } http ? new IPEndPoint(IPAddress.Loopback, http) : null,
            CertificateHosts = options.CertificateHosts,
            CertificateFile = options.CertificateFile,
            CertificateKeyFile = options.CertificateKeyFile,
        };
        var certificates = ControlPlaneHost.OpenCertificates(host, TimeProvider.System, NullLogger.Instance);
        var controlPlane = new ControlPlaneOptions
        {
            DataDirectory = options.DataDirectory,
            PublicUrl = options.PublicUrl,
            CaPins = certificates.CaPins,
            EdgePublicHost = options.EdgeHost,
            EdgePorts = (options.EdgePorts.First, options.EdgePorts.Last),
        };

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "connector" });
        var services = builder.Services;
        ProcessLogging.Add(builder.Logging, options.LogLevel, start);
        services.AddSingleton<IHostLifetime, QuietLifetime>();
        services.Configure<HostOptions>(hosting => hosting.ShutdownTimeout = StopTimeout);
        services.AddRoutingCore();
        services.AddControlPlaneStore(controlPlane);
        services.AddEdgeFeed();
        builder.AddControlPlane(host, certificates);
        services.AddConnectorSessions();
        services.AddControlPlaneApi();
        if (options.Roles.Contains("edge"))
        {
            services.AddEdge(_ => new EdgeOptions
            {
                EdgeId = BuiltInEdge.Id,
                ServerCertificate = () => certificates.Current,
                BindAddress = options.BindAddress ?? address,
                TunnelPort = options.TunnelPort,

                // The range is for sockets without a port of their own; an admin may name any other, and kept sockets stay where they were.
                SocketPorts = null,
                Limits = new EdgeLimits { ResumeWithin = options.ResumeWithin },
            });
        }

        var app = builder.Build();
        app.Services.GetRequiredService<ServerSecrets>().UseAdminToken(options.AdminToken);
        app.MapControlPlaneApi();
        app.MapControlStream();
        app.MapEdgeFeed();
        app.MapFrontPage();
        app.Lifetime.ApplicationStarted.Register(() => Publish(app, options, controlPlane, certificates.CaPins));
        return app;
    }

    private static RunningServer Running(WebApplication app, ServerRoleOptions options)
    {
        var bound = ControlPlaneHost.Addresses(app);
        var https = bound.First(address => address.Scheme == Uri.UriSchemeHttps).Port;
        var plain = bound.FirstOrDefault(address => address.Scheme == Uri.UriSchemeHttp);
        var onLoopback = new Uri($"https://localhost:{https}/");
        var portal = plain is not null ? new Uri($"http://localhost:{plain.Port}/") : options.PublicUrl ?? onLoopback;
        var tunnel = options.Roles.Contains("edge")
            ? options.TunnelAddress ?? $"{(options.LoopbackOnly ? "127.0.0.1" : options.EdgeHost)}:{app.Services.GetRequiredService<EdgeNode>().TunnelEndPoint.Port}"
            : "";
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        app.Lifetime.ApplicationStopped.Register(ended.SetResult);
        return new RunningServer(
            portal, new Uri(portal, "api/v1"), onLoopback, tunnel, ended.Task,
            async cancellationToken =>
            {
                await app.StopAsync(cancellationToken).ConfigureAwait(false);
                await app.DisposeAsync().ConfigureAwait(false);
            });
    }

    private static ConnectorError? Explain(Exception failure, ServerRoleOptions options) => failure switch
    {
        ConnectorError error => error,
        ControlStoreException or CertificateException or EdgeStartException => ConnectorError.Said("Cannot start the server", failure),
        IOException { InnerException: AddressInUseException } or IOException { InnerException: SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } } => new ConnectorError(
            $"Cannot listen on {Ports(options)}", failure.Message.TrimEnd('.'), "Stop what uses the port (ss -ltnp shows it), or choose another with --https-port or --http-port",
            inner: failure),
        SocketException { SocketErrorCode: SocketError.AccessDenied } => new ConnectorError(
            $"Cannot listen on {Ports(options)}", "this user may not use such a low port", "Choose ports from 1024 up", inner: failure),
        _ => null,
    };

    private static string Ports(ServerRoleOptions options)
        => options.HttpPort is { } http ? $"the HTTPS port {options.HttpsPort} and the HTTP port {http}" : $"the HTTPS port {options.HttpsPort}";

    /// <summary>The edges are told to replicas once the ports of this process are known.</summary>
    private static void Publish(WebApplication app, ServerRoleOptions options, ControlPlaneOptions controlPlane, ImmutableArray<string> pins)
    {
        var https = ControlPlaneHost.Addresses(app).First(address => address.Scheme == Uri.UriSchemeHttps).Port;
        if (options.LoopbackOnly)
        {
            controlPlane.PublicUrl ??= new Uri($"https://localhost:{https}");
        }

        app.Services.GetRequiredService<EdgeDirectory>().Publish(options.Roles.Contains("edge") ? Own(app, options, https, pins) : null, options.EdgeHost);
    }

    private static EdgeEntry Own(WebApplication app, ServerRoleOptions options, int https, ImmutableArray<string> pins)
    {
        // The HTTPS port takes lanes as well, for networks that let only that one out.
        var host = options.LoopbackOnly ? "localhost" : options.PublicUrl?.Host ?? "localhost";
        var outside = options.LoopbackOnly ? https : options.PublicUrl?.Port ?? https;
        var tunnel = app.Services.GetRequiredService<EdgeNode>().TunnelEndPoint.Port;
        return new EdgeEntry(BuiltInEdge.Id, [options.TunnelAddress ?? $"{host}:{tunnel}", $"{host}:{outside}"], pins);
    }
}
