using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using Akka.Actor;
using Akka.Hosting;
using Connector.Protocol.Ids;
using Connector.Protocol.Tls;
using Connector.Protocol.Tokens;
using Connector.Server.Control;
using Connector.Server.Discovery;
using Connector.Server.Edge;
using Connector.Server.Hosting;
using Connector.Server.Store;
using Connector.Tests.Server.Control;
using Connector.Tests.Server.Discovery;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Connector.Tests.Server.Hosting;

/// <summary>A control plane on free loopback ports: real Kestrel, TLS with its own CA, a store in memory.</summary>
internal sealed class ControlPlaneFixture : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    public static readonly ConnectorId ConnectorId = new("11111111-1111-1111-1111-111111111111");

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("control-plane-");
    private readonly WebApplication application;
    private readonly SigningKey signingKey = SigningKey.Create();
    private readonly ServerTrust trust;

    private ControlPlaneFixture(ControlLimits? limits, ILaneAcceptor? lanes, TimeSpan? handshakeDeadline)
    {
        Issuer = new TokenIssuer(signingKey);
        var options = new ControlPlaneHostOptions
        {
            DataDirectory = directory.FullName,
            Https = new IPEndPoint(IPAddress.Loopback, 0),
            Http = new IPEndPoint(IPAddress.Loopback, 0),
            Limits = limits ?? new ControlLimits(),
            HandshakeDeadline = handshakeDeadline ?? TimeSpan.FromSeconds(60),
        };
        var certificates = ControlPlaneHost.OpenCertificates(options, TimeProvider.System);
        Pins = certificates.CaPins;
        trust = new ServerTrust(Pins);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(Log).SetMinimumLevel(LogLevel.Information);
        builder.Services.AddSingleton<IControlStore>(Store);
        builder.Services.AddSingleton<IDiscoveryStore>(Discovery);
        builder.Services.AddSingleton(Issuer);
        builder.Services.AddSingleton(new TokenVerifier([signingKey.PublicKey], TimeProvider.System));
        builder.Services.AddSingleton<IEdgeDirectory>(new FixedEdgeDirectory([new EdgeEntry(new EdgeId("edge-1"), ["127.0.0.1:8444"], Pins)]));
        if (lanes is not null)
        {
            builder.Services.AddSingleton(lanes);
        }

        builder.AddControlPlane(options, certificates);
        application = builder.Build();
        application.MapControlStream();
        application.MapGet("/hello", () => "world");
        application.MapPost("/take", async (HttpRequest request) => await new StreamReader(request.Body).ReadToEndAsync());
        Store.SetToken("token", TokenStanding.Valid);
        Store.SetDesired(ConnectorId, State(1));
    }

    public FakeControlStore Store { get; } = new();

    public FakeDiscoveryStore Discovery { get; } = new();

    public CollectedLog Log { get; } = new();

    public TokenIssuer Issuer { get; }

    public ImmutableArray<string> Pins { get; }

    public Uri Https => ControlPlaneHost.Addresses(application).Single(address => address.Scheme == "https");

    public Uri Http => ControlPlaneHost.Addresses(application).Single(address => address.Scheme == "http");

    public TokenVerifier Verifier => application.Services.GetRequiredService<TokenVerifier>();

    public static async Task<ControlPlaneFixture> StartAsync(ControlLimits? limits = null, ILaneAcceptor? lanes = null, TimeSpan? handshakeDeadline = null)
    {
        var fixture = new ControlPlaneFixture(limits, lanes, handshakeDeadline);
        await fixture.application.StartAsync();
        return fixture;
    }

    public static DesiredItem Item(string id, string config = "{}") => new(id, $"name of {id}", "ssh", config);

    public static ConnectorDesiredState State(long version, params ImmutableArray<DesiredItem> sockets)
        => new(new DesiredStateVersion("inc", version), "connector", "org", "Org", TimeSpan.FromSeconds(10), sockets, []);

    public string Token(string tokenId = "token", DateTimeOffset? issuedAt = null, DateTimeOffset? expiresAt = null)
        => Issuer.IssueConnectorToken(new ConnectorTokenClaims(tokenId, ConnectorId, "org", Https, Pins, issuedAt ?? DateTimeOffset.UtcNow, expiresAt));

    public void Tell(object message) => application.Services.GetRequiredService<IRequiredActor<ConnectorsActor>>().ActorRef.Tell(message);

    public Task<ConnectorsProtocol.SessionState> SessionAsync()
        => application.Services.GetRequiredService<IRequiredActor<ConnectorsActor>>().ActorRef
            .Ask<ConnectorsProtocol.SessionState>(new ConnectorsProtocol.GetSession(ConnectorId), Patience);

    /// <summary>A channel that trusts nothing but the pin.</summary>
    public GrpcChannel Channel() => GrpcChannel.ForAddress(Https, new GrpcChannelOptions { HttpHandler = Handler(), DisposeHttpClient = true });

    public SocketsHttpHandler Handler() => new()
    {
        EnableMultipleHttp2Connections = true,
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (sender, certificate, chain, errors) => trust.Validate(certificate, chain, errors, out _),
        },
    };

    public static async Task EventuallyAsync(Func<bool> condition, Func<string> what)
    {
        using var deadline = new CancellationTokenSource(Patience);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!condition())
        {
            try
            {
                await poll.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail(what());
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await application.StopAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
        await application.DisposeAsync();
        signingKey.Dispose();
        directory.Delete(recursive: true);
    }

    /// <summary>What the server logged, exceptions included.</summary>
    internal sealed class CollectedLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
