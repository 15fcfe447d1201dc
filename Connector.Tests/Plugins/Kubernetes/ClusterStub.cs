using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.Channels;
using Connector.Plugins.Kubernetes;
using Connector.Protocol.Plugins;
using Connector.Tests.Processes;
using Microsoft.AspNetCore.Http;

namespace Connector.Tests.Plugins.Kubernetes;

/// <summary>An API server that knows services: pages with limit and continue, watches, and the errors of a real one.</summary>
internal sealed class ClusterStub : IAsyncDisposable
{
    public const string Token = "token-of-the-test";

    private readonly TemporaryFolder folder = new("cluster");
    private readonly Channel<string> events = Channel.CreateUnbounded<string>();
    private readonly ConcurrentQueue<string> asked = new();
    private X509Certificate2? certificate;
    private HttpStub? server;

    public IReadOnlyList<object> Services { get; set; } = [];

    /// <summary>Answers instead; false goes on as usual.</summary>
    public Func<HttpStub, HttpContext, Task<bool>>? Instead { get; set; }

    /// <summary>Path and query, with escapes undone.</summary>
    public IReadOnlyList<string> Asked => [.. asked];

    public HttpStub Server => server!;

    public string Kubeconfig => folder.File("kubeconfig");

    public static async Task<ClusterStub> StartAsync(params IReadOnlyList<object> services)
    {
        var stub = new ClusterStub { Services = services };
        stub.server = await HttpStub.OnPortAsync(stub.AnswerAsync);
        stub.WriteKubeconfig($"http://127.0.0.1:{stub.server.Port}", "");
        return stub;
    }

    /// <param name="isTrusted">Whether the kubeconfig holds the authority that made the server's certificate.</param>
    /// <param name="name">That the certificate is for.</param>
    public static async Task<ClusterStub> StartWithTlsAsync(bool isTrusted, string name = "localhost", string? tlsServerName = null, params IReadOnlyList<object> services)
    {
        var stub = new ClusterStub { Services = services, certificate = Certificate(name) };
        using var other = Certificate(name);
        stub.server = await HttpStub.OnPortAsync(stub.AnswerAsync, stub.certificate);
        var authority = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes((isTrusted ? stub.certificate : other).ExportCertificatePem()));
        stub.WriteKubeconfig($"https://localhost:{stub.server.Port}", $"certificate-authority-data: {authority}{(tlsServerName is null ? "" : $"\n    tls-server-name: {tlsServerName}")}");
        return stub;
    }

    public static object Service(string name, string inNamespace = "default", string? uid = null, IReadOnlyDictionary<string, string>? labels = null, object? spec = null) => new
    {
        metadata = new { name, @namespace = inNamespace, uid = uid ?? $"uid-{inNamespace}-{name}", labels, annotations = labels, resourceVersion = "7" },
        spec = spec ?? new { type = "ClusterIP", clusterIP = "10.0.0.1", clusterIPs = new[] { "10.0.0.1" }, ports = new[] { new { port = 80, targetPort = 8080, protocol = "TCP" } } },
        status = new { loadBalancer = new { } },
    };

    public KubernetesDiscoverer Discoverer(KubernetesDiscoveryConfiguration? configuration = null)
        => (KubernetesDiscoverer)KubernetesPlugin.CreateDiscoverers(
            (configuration ?? new()) with { KubernetesCredentials = new() { KubeconfigPath = Kubeconfig } }, LocalEnvironment.With()).Single();

    public void Tell(string type, string name, string version) => TellLine(JsonSerializer.Serialize(new
    {
        type,
        @object = new { kind = "Service", metadata = new { name, @namespace = "default", resourceVersion = version } },
    }));

    public void TellLine(string line) => events.Writer.TryWrite(line);

    public void EndWatches() => events.Writer.TryComplete();

    /// <summary>As the API server says what went wrong.</summary>
    public static async Task<bool> RefuseAsync(HttpContext context, int code, string reason, string message)
    {
        context.Response.StatusCode = code;
        await context.Response.WriteAsJsonAsync(new { kind = "Status", apiVersion = "v1", status = "Failure", message, reason, code });
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        certificate?.Dispose();
        folder.Dispose();
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private void WriteKubeconfig(string url, string more) => folder.Write("kubeconfig", $$"""
        apiVersion: v1
        kind: Config
        current-context: test
        contexts:
        - name: test
          context: { cluster: test, user: test }
        clusters:
        - name: test
          cluster:
            server: {{url}}
            {{more}}
        users:
        - name: test
          user: { token: {{Token}} }
        """);

    private async Task AnswerAsync(HttpContext context)
    {
        asked.Enqueue(Uri.UnescapeDataString($"{context.Request.Path}{context.Request.QueryString}"));
        if (Instead is { } instead && await instead(Server, context))
        {
            return;
        }

        if (context.Request.Headers.Authorization != $"Bearer {Token}")
        {
            await RefuseAsync(context, 401, "Unauthorized", "Unauthorized");
        }
        else if (!context.Request.Path.Value!.StartsWith("/api/v1/", StringComparison.Ordinal) || !context.Request.Path.Value.EndsWith("/services", StringComparison.Ordinal))
        {
            await RefuseAsync(context, 404, "NotFound", "the server could not find the requested resource");
        }
        else if (context.Request.Query["watch"] == "true")
        {
            await WatchAsync(context);
        }
        else
        {
            await ListAsync(context);
        }
    }

    private async Task ListAsync(HttpContext context)
    {
        var from = int.Parse(context.Request.Query["continue"].FirstOrDefault() ?? "0", System.Globalization.CultureInfo.InvariantCulture);
        var limit = int.Parse(context.Request.Query["limit"].FirstOrDefault() ?? "100000", System.Globalization.CultureInfo.InvariantCulture);
        var next = from + limit < Services.Count ? $"{from + limit}" : null;
        await context.Response.WriteAsJsonAsync(
            new
            {
                kind = "ServiceList",
                apiVersion = "v1",
                metadata = new Dictionary<string, string?> { ["resourceVersion"] = "100", ["continue"] = next },
                items = Services.Skip(from).Take(limit),
            },
            JsonSerializerOptions.Default);
    }

    private async Task WatchAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json;stream=watch";
        await context.Response.Body.FlushAsync();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, Server.Ended);
        try
        {
            await foreach (var one in events.Reader.ReadAllAsync(either.Token))
            {
                await context.Response.WriteAsync(one + "\n", either.Token);
                await context.Response.Body.FlushAsync(either.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The watcher has left.
        }
    }
}
