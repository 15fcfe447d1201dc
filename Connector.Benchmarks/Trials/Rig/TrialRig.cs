using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Connector.Benchmarks.Contenders;
using Connector.Benchmarks.Trials.Cutting;
using Connector.Benchmarks.Trials.Namespaces;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Trials.Rig;

/// <summary>
/// Server and replica as two processes of the real executable, with everything between them going through proxies (or, in network namespaces, through a veth pair).
/// Owns processes, proxies and folders.
/// </summary>
internal sealed class TrialRig : IAsyncDisposable
{
    private const int EdgePorts = 16;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly RunningContender owned = new();
    private readonly NamespacePair? namespaces;
    private OurApi api = null!;

    private TrialRig(NamespacePair? namespaces) => this.namespaces = namespaces;

    public ChildProcess Server { get; private set; } = null!;

    public ChildProcess Replica { get; private set; } = null!;

    /// <summary>In front of the tunnel port, then of the HTTPS port, which takes lanes as well. None with namespaces.</summary>
    public IReadOnlyList<CuttingProxy> Proxies { get; private set; } = [];

    public string Connector { get; private set; } = "";

    private HttpClient Health { get; set; } = null!;

    /// <param name="latency">Of each new connection through a proxy.</param>
    public static async Task<TrialRig> StartAsync(Func<TimeSpan> latency, CancellationToken cancellation, NamespacePair? namespaces = null)
    {
        var rig = new TrialRig(namespaces);
        try
        {
            await rig.StartPartsAsync(latency, cancellation);
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }

    /// <summary>A listening socket where the replica dials upstreams.</summary>
    public Socket Listen(int backlog = 4096, int port = 0) => In(namespaces?.Replica, () =>
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(backlog);
        return listener;
    });

    /// <summary>An end user's connection to the edge.</summary>
    public async Task<Socket> ConnectAsync(int port, CancellationToken cancellation)
    {
        var socket = In(namespaces?.Server, () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Makes a socket in front of a port; returns once users are served.</summary>
    public async Task<(string Id, int Port)> ServeAsync(string name, int target, CancellationToken cancellation)
    {
        var id = await api.CreateSocketAsync(Connector, target, cancellation, name);
        return (id, await api.WaitUntilAliveAsync(id, Deadline, [Server, Replica], cancellation));
    }

    public Task<JsonNode> SocketAsync(string id, CancellationToken cancellation) => api.GetAsync($"socket/{Uri.EscapeDataString(id)}", cancellation);

    public Task<JsonNode> ConnectorAsync(CancellationToken cancellation) => api.GetAsync($"connector/{Uri.EscapeDataString(Connector)}", cancellation);

    /// <summary>What the replica says of itself.</summary>
    public async Task<JsonNode> ReplicaStatusAsync(CancellationToken cancellation)
    {
        using var response = await Health.GetAsync("status", cancellation);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellation)) ?? throw new InvalidDataException("The replica's /status is null.");
    }

    /// <summary>The replica's metrics, Prometheus text.</summary>
    public Task<string> ReplicaMetricsAsync(CancellationToken cancellation) => Health.GetStringAsync("metrics", cancellation);

    /// <summary>Lanes as the edge counts them.</summary>
    public async Task<int> LanesAsync(CancellationToken cancellation)
        => (await ConnectorAsync(cancellation))["replicas"]?.AsArray().Sum(replica => (int?)replica?["lanes"] ?? 0) ?? 0;

    public async ValueTask DisposeAsync()
    {
        await owned.DisposeAsync();
    }

    private static T In<T>(NetworkNamespace? place, Func<T> make) => place is null ? make() : place.Run(make);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task StartPartsAsync(Func<TimeSpan> latency, CancellationToken cancellation)
    {
        var folder = owned.Own(new TemporaryFolder("trial"));
        var (https, tunnel, outsideHttps, outsideTunnel) = (FreePorts.Take(), FreePorts.Take(), FreePorts.Take(), FreePorts.Take());
        string publicUrl;
        string[] advertised;
        if (namespaces is null)
        {
            Proxies = [owned.Own(CuttingProxy.Start(outsideTunnel, tunnel, latency)), owned.Own(CuttingProxy.Start(outsideHttps, https, latency))];
            publicUrl = $"https://localhost:{Text(outsideHttps)}";
            advertised = ["--tunnel-address", $"127.0.0.1:{Text(outsideTunnel)}"];
        }
        else
        {
            publicUrl = $"https://{NamespacePair.ServerAddress}:{Text(https)}";
            advertised = [];
        }

        var edgePorts = FreePorts.TakeRange(EdgePorts);
        Server = owned.Own(Start(
            namespaces?.Server,
            [
                "server",
                "--config", folder.Write("server.yaml", $"public_url: {publicUrl}\nlog_level: warn\n"),
                "--data-dir", folder.File("data"),
                "--https-port", Text(https),
                "--http-port", Text(FreePorts.Take()),
                "--tunnel-port", Text(tunnel),
                .. advertised,
                "--edge-ports", $"{Text(edgePorts)}-{Text(edgePorts + EdgePorts - 1)}",
                "--ready-file", folder.File("server.json"),
            ]));
        var ready = await ReadyFile.WaitAsync(folder.File("server.json"), Server, Deadline, cancellation);
        api = owned.Own(new OurApi(ready, NamespaceHttp.Handler(namespaces?.Server)));
        Connector = await api.CreateConnectorAsync(cancellation);
        var token = await api.CreateTokenAsync(Connector, cancellation);

        Replica = owned.Own(Start(
            namespaces?.Replica,
            ["start", "--state-dir", folder.File("replica"), "--health", "127.0.0.1:0", "--ready-file", folder.File("replica.json")],
            new Dictionary<string, string> { ["BORDER0_TOKEN"] = token, ["BORDER0_LOG_LEVEL"] = "warn" }));
        var replica = await ReadyFile.WaitAsync(folder.File("replica.json"), Replica, Deadline, cancellation);
        Health = owned.Own(new HttpClient(NamespaceHttp.Handler(namespaces?.Replica))
        {
            BaseAddress = new Uri(replica.Replicas.FirstOrDefault()?.HealthUrl ?? throw new InvalidDataException("The replica's ready file names no health_url.")),
            Timeout = TimeSpan.FromSeconds(2),
        });
    }

    private static ChildProcess Start(NetworkNamespace? place, string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
        => place is null ? ConnectorExecutable.Start(arguments, environment) : place.Run(() => ConnectorExecutable.Start(arguments, environment));
}
