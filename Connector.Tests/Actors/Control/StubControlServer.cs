using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Tls;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Connector.Tests.Actors.Control;

/// <summary>A gRPC server over TLS on a port of the system's choice; what a call does is the test's.</summary>
internal sealed class StubControlServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly X509Certificate2 certificate;

    private StubControlServer(WebApplication app, X509Certificate2 certificate)
    {
        this.app = app;
        this.certificate = certificate;
    }

    public delegate Task Call(
        IAsyncStreamReader<ControlStreamRequest> requests, IServerStreamWriter<ControlStreamResponse> responses, ServerCallContext context);

    public Uri Url { get; private set; } = new("https://localhost");

    public ServerTrust Trust => new([ServerTrust.PinOf(certificate)]);

    public static async Task<StubControlServer> Start(Call call)
    {
        var certificate = Certificate();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(call);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(certificate);
        }));
        var app = builder.Build();
        app.MapGrpcService<Service>();
        await app.StartAsync();
        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return new StubControlServer(app, certificate) { Url = new Uri($"https://localhost:{address.Port}") };
    }

    public async ValueTask DisposeAsync()
    {
        using (var now = new CancellationTokenSource())
        {
            now.Cancel();
            await app.StopAsync(now.Token);
        }

        await app.DisposeAsync();
        certificate.Dispose();
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private sealed class Service(Call call) : ConnectorService.ConnectorServiceBase
    {
        public override Task ControlStream(
            IAsyncStreamReader<ControlStreamRequest> requestStream, IServerStreamWriter<ControlStreamResponse> responseStream, ServerCallContext context)
            => call(requestStream, responseStream, context);
    }
}
