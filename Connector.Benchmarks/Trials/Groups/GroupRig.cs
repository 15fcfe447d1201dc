using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Connector.Benchmarks.Contenders;
using Connector.Benchmarks.Trials.Namespaces;
using Connector.Tests;
using Connector.Tests.Conventions;
using Connector.Tests.Host.Configuration;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Trials.Groups;

/// <summary>
/// A control plane, two edges and a group of three replicas, each a process of the real executable, started from the files in config and spread over network
/// namespaces. Owns processes, namespaces and folders.
/// </summary>
[SuppressMessage("Interoperability", "CA1416:Validate platform compatibility", Justification = "Network namespaces are Linux's; the trial says so before it begins.")]
internal sealed class GroupRig : IAsyncDisposable
{
    private const int HttpsPort = 8443;
    private const int HttpPort = 8080;
    private const int TunnelPort = 8444;
    private const int FirstEdgeHealth = 9481;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly RunningContender owned = new();
    private readonly GroupNamespaces places;
    private readonly TemporaryFolder folder;
    private readonly SocketStock users;
    private readonly List<ChildProcess> controls = [];
    private readonly string[] credentials = new string[GroupNamespaces.EdgeAddresses.Count];
    private readonly HttpClient[] health;
    private OurApi api = null!;
    private string token = "";
    private int started;

    private GroupRig(GroupNamespaces places)
    {
        this.places = places;
        owned.Own(places);
        folder = owned.Own(new TemporaryFolder("group-trial"));
        users = owned.Own(new SocketStock(places.Server));
        health = [.. places.Replicas.Select(replica => owned.Own(new HttpClient(NamespaceHttp.Handler(replica)) { BaseAddress = new Uri("http://127.0.0.1:9480/"), Timeout = TimeSpan.FromSeconds(2) }))];
        Edges = new ChildProcess[GroupNamespaces.EdgeAddresses.Count];
        Replicas = new ChildProcess[GroupNamespaces.ReplicaCount];
    }

    public GroupNamespaces Places => places;

    public ChildProcess Control => controls[^1];

    public ChildProcess[] Edges { get; }

    public ChildProcess[] Replicas { get; }

    public string Connector { get; private set; } = "";

    /// <summary>What the control plane wrote, life by life.</summary>
    public IReadOnlyList<string> ControlOutputs => [.. controls.Select(control => control.Output)];

    /// <summary>Returns when the three are one group and linked to both edges.</summary>
    public static async Task<GroupRig> StartAsync(CancellationToken cancellation)
    {
        var rig = new GroupRig(await GroupNamespaces.CreateAsync());
        try
        {
            await rig.StartPartsAsync(cancellation);
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }

    /// <summary>Also again, with the data of the one before.</summary>
    public async Task StartControlAsync(CancellationToken cancellation)
    {
        var (process, ready) = await LaunchAsync(
            places.Server,
            [
                "server", "--config", folder.Write("control.yaml", $"public_url: https://{GroupNamespaces.ControlAddress}:{Text(HttpsPort)}\nroles: control\nlog_level: info\n"),
                "--data-dir", folder.File("control"), "--https-port", Text(HttpsPort), "--http-port", Text(HttpPort),
            ],
            [], controls.Add, cancellation);
        owned.Own(process);
        api = owned.Own(new OurApi(ready, NamespaceHttp.Handler(places.Server)));
    }

    /// <summary>Also again, with what is on its disk.</summary>
    public async Task StartEdgeAsync(int edge, CancellationToken cancellation)
    {
        var address = GroupNamespaces.EdgeAddresses[edge];
        var name = $"edge-{Text(edge + 1)}";
        var config = await File.ReadAllTextAsync(Path.Combine(SourceTree.Root, "config", "edge.yaml"), cancellation) + $"\nbind_address: {address}\n";
        var (process, _) = await LaunchAsync(
            places.Server,
            [
                "server", "--config", folder.Write($"{name}.yaml", config), "--data-dir", folder.File(name), "--tunnel-address", $"{address}:{Text(TunnelPort)}",
                "--tunnel-port", Text(TunnelPort), "--health", $"127.0.0.1:{Text(FirstEdgeHealth + edge)}",
            ],
            new() { ["BORDER0_EDGE_TOKEN"] = credentials[edge] }, started => Edges[edge] = started, cancellation);
        owned.Own(process);
    }

    /// <summary>Also again, with its state directory.</summary>
    public async Task StartReplicaAsync(int replica, CancellationToken cancellation)
    {
        var number = Text(replica + 1);
        var (process, _) = await LaunchAsync(
            places.Replicas[replica],
            [
                "start", "--config", Path.Combine(SourceTree.Root, "config", "group", $"replica-{number}.yaml"), "--state-dir", folder.File($"replica-{number}"),
            ],
            new()
            {
                ["BORDER0_TOKEN"] = token,
                ["BORDER0_CLUSTER_TLS_CERTIFICATE"] = folder.File($"replica-{number}.pem"),
                ["BORDER0_CLUSTER_TLS_KEY"] = folder.File($"replica-{number}-key.pem"),
                ["BORDER0_CLUSTER_TLS_CA"] = folder.File("ca.pem"),
            },
            started => Replicas[replica] = started, cancellation);
        owned.Own(process);
    }

    /// <summary>A port on which a service listens, in the namespace of every replica.</summary>
    public Socket[] Listen(int port) => [.. places.Replicas.Select(replica => replica.Run(() =>
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(4096);
        return listener;
    }))];

    /// <summary>Makes a socket in front of a port; returns where users connect, once every replica serves it through every edge.</summary>
    public async Task<int> ServeAsync(string name, int target, CancellationToken cancellation)
    {
        var id = await api.CreateSocketAsync(Connector, target, cancellation, name, GroupNamespaces.Network);
        await Eventually.IsTrueAsync(
            async () => IsServed(await api.GetAsync($"socket/{Uri.EscapeDataString(id)}", cancellation)), $"socket {name} is served by every replica through every edge", cancellation, Deadline);
        var endpoint = (string)(await api.GetAsync($"socket/{Uri.EscapeDataString(id)}", cancellation))["edges"]![0]!["endpoint"]!;
        return int.Parse(endpoint.AsSpan(endpoint.LastIndexOf(':') + 1), CultureInfo.InvariantCulture);
    }

    /// <summary>An end user's connection to an edge.</summary>
    public async Task<Socket> ConnectAsync(int edge, int port, CancellationToken cancellation)
    {
        var socket = users.Take();
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(GroupNamespaces.EdgeAddresses[edge]), port), cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>What a replica says of itself; null when it does not answer.</summary>
    public async Task<JsonNode?> StatusAsync(int replica, CancellationToken cancellation)
    {
        try
        {
            using var response = await health[replica].GetAsync("status", cancellation);
            return JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellation));
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>The control session as the control plane sees it; null when that does not answer.</summary>
    public async Task<JsonNode?> SessionAsync(CancellationToken cancellation)
    {
        try
        {
            return (await api.GetAsync($"connector/{Uri.EscapeDataString(Connector)}", cancellation))["session"];
        }
        catch (Exception e) when (e is HttpRequestException or InvalidOperationException || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>The replica that leads, by what all say of themselves; null unless exactly one does.</summary>
    public async Task<int?> LeaderAsync(CancellationToken cancellation)
    {
        var leaders = (await StatusesAsync(cancellation)).Select((status, replica) => (status, replica)).Where(found => (string?)found.status?["role"] == "leader").ToArray();
        return leaders is [var only] ? only.replica : null;
    }

    /// <summary>One leader, all are members to each other, each is linked to both edges, and the leader holds the control session.</summary>
    public async Task<bool> IsWholeAsync(CancellationToken cancellation)
    {
        var statuses = await StatusesAsync(cancellation);
        var leaders = statuses.Where(status => (string?)status?["role"] == "leader").ToArray();
        return leaders is [var leader]
            && statuses.All(status => (string?)status?["role"] is "leader" or "member"
                && status["group"]?["members"]?.AsArray().Count == GroupNamespaces.ReplicaCount
                && status["links"]?.AsArray().Count(link => (bool?)link?["connected"] == true) == GroupNamespaces.EdgeAddresses.Count)
            && await SessionAsync(cancellation) is { } session && (string?)session["state"] == "online" && (string?)session["leader"] == (string?)leader!["replica_id"];
    }

    public async Task<string> DescribeAsync(CancellationToken cancellation)
        => string.Join("; ", (await StatusesAsync(cancellation)).Select((status, replica)
            => $"replica {Text(replica + 1)}: {(string?)status?["role"] ?? "silent"}, {status?["group"]?["members"]?.AsArray().Count ?? 0} members {(string?)status?["group"]?["reason"]}"))
            + $"; control session {(await SessionAsync(cancellation))?.ToJsonString() ?? "unknown"}";

    /// <summary>What everything wrote, and the connector's log, into a folder that stays.</summary>
    public async Task<string> KeepOutputAsync()
    {
        var kept = Directory.CreateTempSubdirectory("border0-group-trial-output-").FullName;
        foreach (var (name, process) in controls.Select((control, life) => ($"control-{Text(life + 1)}", control))
            .Concat(Edges.Select((edge, number) => ($"edge-{Text(number + 1)}", edge))).Concat(Replicas.Select((replica, number) => ($"replica-{Text(number + 1)}", replica))))
        {
            await File.WriteAllTextAsync(Path.Combine(kept, $"{name}.log"), process?.Output);
        }

        try
        {
            var log = await api.GetAsync($"connector/{Uri.EscapeDataString(Connector)}/logs?page_size=500", CancellationToken.None);
            await File.WriteAllLinesAsync(Path.Combine(kept, "connector.log"), log["list"]?.AsArray().Select(record => record?.ToJsonString() ?? "") ?? []);
        }
        catch (Exception e) when (e is HttpRequestException or InvalidOperationException or TaskCanceledException)
        {
            TrialReport.Progress($"the connector's log is not there: {e.Message}");
        }

        return kept;
    }

    public ValueTask DisposeAsync() => owned.DisposeAsync();

    private static bool IsServed(JsonNode socket)
        => socket["edges"]?.AsArray().Count(edge => (string?)edge?["listener"]?["state"] == "listening") == GroupNamespaces.EdgeAddresses.Count
            && socket["status"]?["replicas"]?.AsArray().Count(replica => (bool?)replica?["online"] == true
                && replica["paths"]?.AsArray().Count(path => (string?)path?["state"] == "on") == GroupNamespaces.EdgeAddresses.Count) == GroupNamespaces.ReplicaCount;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private Task<JsonNode?[]> StatusesAsync(CancellationToken cancellation) => Task.WhenAll(Enumerable.Range(0, GroupNamespaces.ReplicaCount).Select(replica => StatusAsync(replica, cancellation)));

    private async Task StartPartsAsync(CancellationToken cancellation)
    {
        TrialReport.Progress("starting control plane, edges and replicas");
        await StartControlAsync(cancellation);
        Connector = await api.CreateConnectorAsync(cancellation);
        token = await api.CreateTokenAsync(Connector, cancellation);
        WriteCertificates();
        for (var edge = 0; edge < Edges.Length; edge++)
        {
            credentials[edge] = await api.CreateEdgeAsync($"edge-{Text(edge + 1)}", cancellation);
            await StartEdgeAsync(edge, cancellation);
        }

        await Task.WhenAll(Enumerable.Range(0, Replicas.Length).Select(replica => StartReplicaAsync(replica, cancellation)));
        await Eventually.IsTrueAsync(() => IsWholeAsync(cancellation), "the replicas are one group", cancellation, Deadline);
    }

    private void WriteCertificates()
    {
        using var certificates = new GroupCertificates();
        folder.Write("ca.pem", certificates.AuthorityPem);
        for (var i = 1; i <= Replicas.Length; i++)
        {
            var (certificate, key) = certificates.Replica(uses: [GroupCertificates.ServerUse, GroupCertificates.ClientUse]);
            folder.Write($"replica-{Text(i)}.pem", certificate);
            File.SetUnixFileMode(folder.Write($"replica-{Text(i)}-key.pem", key), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private async Task<(ChildProcess Process, ReadyFile Ready)> LaunchAsync(
        NetworkNamespace place, IEnumerable<string> arguments, Dictionary<string, string> environment, Action<ChildProcess> keep, CancellationToken cancellation)
    {
        var ready = folder.File($"ready-{Text(Interlocked.Increment(ref started))}.json");
        var process = place.Run(() => ConnectorExecutable.Start([.. arguments, "--ready-file", ready], environment));
        keep(process);
        try
        {
            return (process, await ReadyFile.WaitAsync(ready, process, Deadline, cancellation));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }
}
