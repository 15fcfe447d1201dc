using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Connector.Tests.Plugins.Aws;

/// <summary>An instance's metadata service, version 2: the region is told only to who has asked for a token.</summary>
internal sealed class MetadataStub : IAsyncDisposable
{
    private const string Token = "token-of-the-test";

    private readonly WebApplication server;

    private MetadataStub(string region, bool https)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            if (https)
            {
                using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
                var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
                using var own = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
                listen.UseHttps(X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null));
            }
        }));
        server = builder.Build();
        server.MapPut("/latest/api/token", () => Token);
        server.MapGet("/latest/meta-data/placement/region", (HttpRequest request)
            => request.Headers["X-aws-ec2-metadata-token"] == Token ? Results.Text(region) : Results.StatusCode(401));
    }

    public string Url => server.Urls.Single();

    public static async Task<MetadataStub> StartAsync(string region, bool https = false)
    {
        var stub = new MetadataStub(region, https);
        await stub.server.StartAsync(TestContext.Current.CancellationToken);
        return stub;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
