using System.Net;
using System.Net.Security;
using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Protocol.Tls;
using Connector.Protocol.Tokens;
using Connector.Server.Api;
using Connector.Server.Control;
using Connector.Server.Feed;
using Connector.Server.Feed.Following;
using Connector.Server.Feed.Serving;
using Connector.Server.Hosting;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Connector.Tests.Server.Hosting;
using Connector.Tests.Server.Store;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Connector.Tests.Server.Feed.Serving;

/// <summary>A control plane without an edge of its own, as the executable composes it, and edges' feeds that follow it over loopback.</summary>
internal sealed class EdgeFeedFixture : IAsyncDisposable
{
    private readonly string folder;
    private readonly bool ownsFolder;
    private readonly WebApplication app;
    private readonly List<FollowingEdge> edges = [];

    private EdgeFeedFixture(string folder, bool ownsFolder, int port)
    {
        (this.folder, this.ownsFolder) = (folder, ownsFolder);
        var data = Path.Combine(folder, "control");
        var host = new ControlPlaneHostOptions { DataDirectory = data, Https = new IPEndPoint(IPAddress.Loopback, port) };
        Directory.CreateDirectory(data);
        var certificates = ControlPlaneHost.OpenCertificates(host, TimeProvider.System);
        Options = new ControlPlaneOptions { DataDirectory = data, CaPins = certificates.CaPins, EdgePublicHost = "127.0.0.1" };
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "connector" });
        builder.Logging.AddProvider(Log).SetMinimumLevel(LogLevel.Information);
        builder.Services.AddRoutingCore();
        builder.Services.AddControlPlaneStore(Options).AddEdgeFeed();
        builder.AddControlPlane(host, certificates);
        builder.Services.AddConnectorSessions().AddControlPlaneApi();
        app = builder.Build();
        app.MapControlPlaneApi();
        app.MapEdgeFeed();
    }

    public ControlPlaneOptions Options { get; }

    public ControlPlaneFixture.CollectedLog Log { get; } = new();

    public IServiceProvider Services => app.Services;

    public Uri Https => ControlPlaneHost.Addresses(app).Single();

    public EdgeCatalog Catalog => Services.GetRequiredService<EdgeCatalog>();

    public EdgeDirectory Directories => Services.GetRequiredService<EdgeDirectory>();

    public EdgeObservations Observations => Services.GetRequiredService<EdgeObservations>();

    public EdgeConnections Connections => Services.GetRequiredService<EdgeConnections>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="folder">Of an earlier one, to start again with its store.</param>
    public static async Task<EdgeFeedFixture> StartAsync(string? folder = null, int port = 0)
    {
        var fixture = new EdgeFeedFixture(folder ?? Directory.CreateTempSubdirectory("edge-feed-").FullName, folder is null, port);
        await fixture.app.StartAsync(Cancellation);
        fixture.Options.PublicUrl = fixture.Https;
        fixture.Directories.Publish(null, "127.0.0.1");
        return fixture;
    }

    /// <summary>The same store in another process, so to speak: what was in memory is gone. This one must have been stopped.</summary>
    public Task<EdgeFeedFixture> StartAgainAsync(int port) => StartAsync(folder, port);

    public async Task<ConnectorId> CreateConnectorAsync(string name)
        => new((await Services.GetRequiredService<ConnectorCatalog>().CreateAsync(name, new ConnectorDraft(null, null, null, null), Cancellation)).Connector.Id);

    public async Task<SocketId> CreateSocketAsync(string name, params ConnectorId[] connectors)
    {
        var made = await Services.GetRequiredService<SocketCatalog>().CreateAsync(OpenStore.Draft(name, connectors), Cancellation);
        Changed();
        return new SocketId(made.Socket.Id);
    }

    public void Changed() => Services.GetRequiredService<ControlPlaneFeed>().Changed();

    /// <summary>As the API does it.</summary>
    public async Task<Secret> CreateEdgeAsync(string name)
    {
        var row = new EdgeRow { Id = Guid.NewGuid().ToString(), Name = name, CredentialId = Guid.NewGuid().ToString() };
        await Catalog.CreateAsync(row, Cancellation);
        return Credential(row);
    }

    public Secret Credential(EdgeRow row) => new(Services.GetRequiredService<TokenIssuer>().IssueEdgeCredential(new EdgeCredentialClaims(
        row.CredentialId, new EdgeId(row.Id), Services.GetRequiredService<ControlDatabase>().OrganizationId, Options.PublicUrl!, Options.CaPins,
        DateTimeOffset.UtcNow, null)));

    /// <param name="through">Of a forwarder to the control plane.</param>
    public async Task<FollowingEdge> FollowAsync(Secret credential, string? directory = null, int? through = null, ILogger<RemoteFeed>? log = null)
    {
        var claims = EdgeCredentialReader.Read(credential);
        directory ??= Path.Combine(folder, $"edge-{Guid.NewGuid():N}");
        Directory.CreateDirectory(directory);
        var feed = new RemoteFeed(
            new RemoteFeedOptions
            {
                EdgeId = claims.EdgeId, OrganizationId = claims.OrganizationId, Server = through is { } port ? new Uri($"https://localhost:{port}") : claims.ServerUrl,
                Trust = new ServerTrust(claims.CaPins), Credential = credential, DataDirectory = directory, TunnelAddresses = ["127.0.0.1:8444"], CaPins = Options.CaPins,
                PublicHost = "edge.test", SoftwareVersion = "1.2.3",
            },
            TimeProvider.System,
            log ?? NullLogger<RemoteFeed>.Instance);
        var edge = new FollowingEdge(feed, claims.EdgeId, directory);
        edges.Add(edge);
        await feed.StartAsync(Cancellation);
        edge.Follow();
        return edge;
    }

    public GrpcChannel Channel() => GrpcChannel.ForAddress(Https, new GrpcChannelOptions
    {
        DisposeHttpClient = true,
        HttpHandler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (sender, certificate, chain, errors) => new ServerTrust(Options.CaPins).Validate(certificate, chain, errors, out _),
            },
        },
    });

    /// <summary>As a process that is killed: no edge hears a word of it.</summary>
    public async Task StopAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var edge in edges)
        {
            await edge.DisposeAsync();
        }

        await StopAsync();
        if (ownsFolder)
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
