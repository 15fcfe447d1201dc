using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

/// <summary>The control plane and edges as processes of their own: who needs whom for what.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class EdgeProcessTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Control_plane_is_killed_the_edge_restarted_meanwhile_and_users_are_served()
    {
        await using var echo = LoopbackUpstream.StartEcho();
        await using var paced = new PacedUpstream();
        await using var split = await SplitServer.StartAsync(Cancellation);
        var credential = await split.CreateEdgeAsync("east");
        var edge = await split.StartEdgeAsync(credential, "east", Cancellation);
        await split.StartReplicaAsync(await split.CreateConnectorTokenAsync(), "replica", Cancellation);
        var socket = await split.Api.CreateSocketAsync("echo", echo.Port);
        var load = await split.Api.CreateSocketAsync("load", paced.Port);
        await UserConnection.EchoEventuallyAsync(socket.Port, Cancellation);
        await using var watch = await ServedStream.StartAsync(load, Cancellation);
        await OnlineAsync(split, socket, "east");
        await edge.IsReadyAsync(Cancellation);

        // Away: running and new users do not notice.
        split.Control.Signal(UnixSignal.Kill);
        await split.Control.WaitForExitAsync(Deadline);
        await watch.ReceiveAsync(50, Cancellation);
        await UserConnection.EchoAsync(socket.Port, Cancellation);
        await edge.SaysAsync("ready, stale: the control plane was not heard since", Cancellation);
        Assert.Equal(200, (await edge.ReadyAsync(Cancellation)).Status);
        for (var i = 0; i < 20; i++)
        {
            await UserConnection.EchoAsync(socket.Port, Cancellation);
        }

        await watch.ReceiveAsync(100, Cancellation);

        // The edge as well, and comes back with nothing but its disk.
        edge.Process.Signal(UnixSignal.Kill);
        await edge.Process.WaitForExitAsync(Deadline);
        edge = await split.StartEdgeAsync(credential, "east", Cancellation, edge.TunnelPort);
        await UserConnection.EchoEventuallyAsync(socket.Port, Cancellation);
        Assert.Contains("the state of an earlier run is in force", edge.Process.Output, StringComparison.Ordinal);
        Assert.Contains("stale", (await edge.ReadyAsync(Cancellation)).Text, StringComparison.Ordinal);

        // Back: changes arrive, and what was said meanwhile is told.
        await split.StartControlAsync(Cancellation);
        await edge.IsReadyAsync(Cancellation);
        var later = await split.Api.CreateSocketAsync("later", echo.Port);
        await UserConnection.EchoEventuallyAsync(later.Port, Cancellation);
        await split.Api.DeleteSocketAsync(socket);
        await Eventually.IsTrueAsync(() => RefusesAsync(socket.Port), "the deleted socket's port is closed", Cancellation);
        await OnlineAsync(split, later, "east");
        await edge.IsReadyAsync(Cancellation);
        var id = (string)(await split.GetAsync("edge/east"))["edge_id"]!;
        await Eventually.IsTrueAsync(
            async () => (await split.GetAsync("sessions?state=ended"))["list"]!.AsArray().Any(session
                => (string?)session!["socket_id"] == later.Id && (string?)session["edge_id"] == id),
            "the session through the edge is recorded as the edge's",
            Cancellation);
    }

    [Fact]
    public async Task Users_reach_a_socket_through_any_edge_and_one_that_dies_takes_nothing_from_the_other()
    {
        await using var echo = LoopbackUpstream.StartEcho();
        await using var split = await SplitServer.StartAsync(Cancellation);
        var east = await split.StartEdgeAsync(await split.CreateEdgeAsync("east"), "east", Cancellation, address: "127.0.0.1");
        await split.StartEdgeAsync(await split.CreateEdgeAsync("west"), "west", Cancellation, address: "127.0.0.2");
        await split.StartReplicaAsync(await split.CreateConnectorTokenAsync(), "replica", Cancellation);
        var socket = await split.Api.CreateSocketAsync("echo", echo.Port);
        await OnlineAsync(split, socket, "east", "west");
        await EchoAsync("127.0.0.1", socket.Port);
        await EchoAsync("127.0.0.2", socket.Port);
        var answer = await split.GetAsync($"socket/{socket.Id}");
        Assert.Equal(
            [$"127.0.0.1:{Text(socket.Port)}", $"127.0.0.2:{Text(socket.Port)}"], answer["edges"]!.AsArray().Select(edge => (string?)edge!["endpoint"]));
        await Eventually.IsTrueAsync(
            async () =>
            {
                var links = (await split.GetAsync($"connector/{split.ConnectorId}"))["replicas"]!.AsArray().Single()!["links"]!.AsArray();
                return links.Select(link => (string?)link!["edge"]).Distinct().Count() == 2 && links.All(link => (string?)link!["path"]!["state"] == "on");
            },
            "a path leads through each of the two edges", Cancellation);

        east.Process.Signal(UnixSignal.Kill);
        await east.Process.WaitForExitAsync(Deadline);
        for (var i = 0; i < 20; i++)
        {
            await EchoAsync("127.0.0.2", socket.Port);
        }

        await Eventually.IsTrueAsync(
            async () => (string?)(await split.GetAsync("edge/east"))["state"] == "offline" && (string?)(await split.GetAsync("edge/west"))["state"] == "online",
            "the API shows which edge is away", Cancellation);

        // Nothing that an edge said long ago is green, and the socket is online by the other.
        await Eventually.IsTrueAsync(
            async () =>
            {
                var replica = (await split.GetAsync($"socket/{socket.Id}"))["status"]!["replicas"]![0]!;
                return replica["paths"]!.AsArray().Select(path => (string?)path!["state"]).Count(state => state == "on") == 1 && (bool)replica["online"]!;
            },
            "one path is on and one is not", Cancellation);
    }

    [Fact]
    public async Task Edge_whose_credential_was_replaced_is_refused_and_serves_on_and_a_deleted_one_loses_its_replicas()
    {
        await using var echo = LoopbackUpstream.StartEcho();
        await using var split = await SplitServer.StartAsync(Cancellation);
        var edge = await split.StartEdgeAsync(await split.CreateEdgeAsync("east"), "east", Cancellation);
        await split.StartReplicaAsync(await split.CreateConnectorTokenAsync(), "replica", Cancellation);
        var socket = await split.Api.CreateSocketAsync("echo", echo.Port);
        await UserConnection.EchoEventuallyAsync(socket.Port, Cancellation);

        var next = (string)(await split.Api.SendAsync(HttpMethod.Post, "edge/east/credential")).EnsureSuccess("Replacing the credential").Json["token"]!;
        await edge.SaysAsync("replaced by a newer one", Cancellation);
        Assert.Equal(200, (await edge.ReadyAsync(Cancellation)).Status);
        await UserConnection.EchoAsync(socket.Port, Cancellation);
        Assert.Contains("refuses this edge", edge.Process.Output, StringComparison.Ordinal);

        edge.Process.Signal(UnixSignal.Terminate);
        Assert.Equal(0, await edge.Process.WaitForExitAsync(Deadline));
        edge = await split.StartEdgeAsync(next, "east", Cancellation, edge.TunnelPort);
        await UserConnection.EchoEventuallyAsync(socket.Port, Cancellation);
        await OnlineAsync(split, socket, "east");

        (await split.Api.SendAsync(HttpMethod.Delete, "edge/east")).EnsureSuccess("Deleting the edge");
        await edge.SaysAsync("was deleted", Cancellation);
        Assert.False(edge.Process.HasExited);
        await Eventually.IsTrueAsync(async () => await UserConnection.EndsAsync(socket.Port, Cancellation, TimeSpan.FromSeconds(5)), "no replica is linked to it any more", Cancellation);
        Assert.Empty((await split.GetAsync("edges"))["list"]!.AsArray());
    }

    [Fact]
    public async Task Edge_by_itself_keeps_its_files_to_itself_and_its_credential_off_the_command_line()
    {
        await using var split = await SplitServer.StartAsync(Cancellation);
        var credential = await split.CreateEdgeAsync("east");
        var edge = await split.StartEdgeAsync(credential, "east", Cancellation);
        await edge.IsReadyAsync(Cancellation);
        await Eventually.IsTrue(() => File.Exists(Path.Combine(split.File("east"), "edge-state")), "the state is on the disk");
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
        var open = Directory.EnumerateFileSystemEntries(split.File("east"), "*", SearchOption.AllDirectories).Append(split.File("east"))
            .Where(path => (FileModes.Of(path) & others) != UnixFileMode.None);
        Assert.Empty(open);
        Assert.DoesNotContain(credential, await File.ReadAllTextAsync($"/proc/{Text(edge.Process.Id)}/cmdline", Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain(credential, edge.Process.Output, StringComparison.Ordinal);
        var status = JsonNode.Parse("{}")!;
        await Eventually.IsTrueAsync(
            async () => (string?)(status = JsonNode.Parse(await edge.TextAsync("status", Cancellation))!)["feed"]!["state"] == "fresh", "the edge follows the control plane", Cancellation);
        Assert.Equal(("edge", "fresh", true), ((string?)status["role"], (string?)status["feed"]!["state"], (bool)status["ready"]!));
        Assert.Contains("connector_edge_lanes", await edge.TextAsync("metrics", Cancellation), StringComparison.Ordinal);
        Assert.Equal("alive", (await edge.TextAsync("livez", Cancellation)).Trim());

        edge.Process.Signal(UnixSignal.Terminate);
        Assert.Equal(0, await edge.Process.WaitForExitAsync(Deadline));
        Assert.DoesNotContain("Unhandled exception", edge.Process.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Wrong_input_ends_the_start_with_what_is_wrong()
    {
        await using var split = await SplitServer.StartAsync(Cancellation);
        var credential = await split.CreateEdgeAsync("east");
        using var squatter = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        squatter.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        squatter.Listen();
        var taken = Text(((IPEndPoint)squatter.LocalEndPoint!).Port);
        var free = Text(FreePorts.Take());

        await EndsNamingAsync("no edge credential", null);
        await EndsNamingAsync("is a connector token", await split.CreateConnectorTokenAsync());
        await EndsNamingAsync($"port {taken}", credential, tunnelPort: taken);
        await EndsNamingAsync("--health", credential, health: $"127.0.0.1:{taken}");
        await EndsNamingAsync("it is a control plane's", credential, data: "control");

        // The state of one edge is not another's.
        var edge = await split.StartEdgeAsync(credential, "east", Cancellation);
        await Eventually.IsTrue(() => File.Exists(Path.Combine(split.File("east"), "edge-state")), "the state is on the disk");
        await EndsNamingAsync("another process is using it", credential, data: "east");
        edge.Process.Signal(UnixSignal.Terminate);
        await edge.Process.WaitForExitAsync(Deadline);
        await EndsNamingAsync("holds the state of edge", await split.CreateEdgeAsync("west"), data: "east");

        async Task EndsNamingAsync(string expected, string? token, string? tunnelPort = null, string health = "127.0.0.1:0", string data = "fresh")
        {
            await using var process = ConnectorExecutable.Start(
                [
                    "server", "--roles", "edge", "--tunnel-address", "127.0.0.1:1", "--tunnel-port", tunnelPort ?? free, "--health", health, "--data-dir", split.File(data),
                ],
                new Dictionary<string, string> { ["BORDER0_EDGE_TOKEN"] = token ?? "" });
            Assert.NotEqual(0, await process.WaitForExitAsync(Deadline));
            Assert.Contains(expected, process.Output, StringComparison.Ordinal);
            Assert.StartsWith("error: ", process.Output[process.Output.IndexOf("error: ", StringComparison.Ordinal)..], StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", process.Output, StringComparison.Ordinal);
        }
    }

    private static Task OnlineAsync(SplitServer split, ApiSocket socket, params string[] edges) => Eventually.IsTrueAsync(
        async () =>
        {
            var answer = await split.GetAsync($"socket/{socket.Id}");
            var listening = answer["edges"]!.AsArray().Where(edge => (string?)edge!["listener"]?["state"] == "listening").Select(edge => (string?)edge!["name"]);
            return (bool)answer["online"]! && listening.Order().SequenceEqual(edges.Order())
                && answer["status"]!["replicas"]!.AsArray().Any(replica => replica!["paths"]!.AsArray().Count(path => (string?)path!["state"] == "on") == edges.Length);
        },
        $"socket {socket.Name} is online through {string.Join(" and ", edges)}",
        Cancellation);

    private static async Task EchoAsync(string address, int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPEndPoint.Parse($"{address}:{Text(port)}"), Cancellation).AsTask().WaitAsync(Deadline, Cancellation);
        await LoopbackUpstream.SendAllAsync(socket, "word"u8.ToArray(), Cancellation);
        var buffer = new byte[4];
        for (var got = 0; got < buffer.Length;)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(got), Cancellation).AsTask().WaitAsync(Deadline, Cancellation);
            Assert.NotEqual(0, read);
            got += read;
        }

        Assert.Equal("word"u8.ToArray(), buffer);
    }

    private static async Task<bool> RefusesAsync(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), Cancellation);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
