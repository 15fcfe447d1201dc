using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Connector.Protocol.Plugins;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

/// <summary>Ten sockets streaming; what is wrong with the third is not felt by the nine others.</summary>
[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class FaultIsolationTests(SharedDev dev)
{
    private const int Sockets = 10;
    private const int Faulty = 3;
    private const int Clients = 30;
    private const int BlocksBefore = 50;
    private const int BlocksDuring = 300;
    private static readonly TimeSpan AllowedStall = TimeSpan.FromMilliseconds(500);

    // The clients of AWS try a silent endpoint several times.
    private static readonly TimeSpan SickWithin = TimeSpan.FromMinutes(3);

    [Fact]
    public Task Socket_whose_upstream_hangs_leaves_the_others_undisturbed() => RunAsync(async run =>
    {
        await using var silent = LoopbackUpstream.Start(async (_, cancellation) => await Task.Delay(Timeout.Infinite, cancellation));
        await run.PointFaultyToAsync(silent.Port);
        await run.PushIntoFaultyAsync();
        await run.OthersGoOnAsync();
    });

    [Fact]
    public Task Socket_whose_upstream_hangs_in_its_dial_leaves_the_others_undisturbed() => RunAsync(async run =>
    {
        // A full backlog: the kernel drops the SYNs, and the dial neither succeeds nor fails.
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        deaf.Listen(0);
        var port = ((IPEndPoint)deaf.LocalEndPoint!).Port;
        var fillers = Enumerable.Range(0, 4).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false }).ToArray();
        try
        {
            foreach (var filler in fillers)
            {
                try
                {
                    await filler.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), run.Cancellation).AsTask().WaitAsync(TimeSpan.FromMilliseconds(200), run.Cancellation);
                }
                catch (TimeoutException)
                {
                    break;
                }
            }

            await run.PointFaultyToAsync(port);
            await run.PushIntoFaultyAsync();
            await run.OthersGoOnAsync();
        }
        finally
        {
            foreach (var filler in fillers)
            {
                filler.Dispose();
            }
        }
    });

    [Fact]
    public Task Socket_whose_upstream_refuses_leaves_the_others_undisturbed() => RunAsync(async run =>
    {
        var nobody = FreePorts.Take();
        await run.PointFaultyToAsync(nobody);

        // Until the change has reached the replica, a new connection is still served by the old upstream and stays open.
        await Eventually.IsTrueAsync(
            () => UserConnection.EndsAsync(run.FaultyPort, run.Cancellation, TimeSpan.FromSeconds(1)), "a connection is refused", run.Cancellation);
        for (var i = 0; i < Clients; i++)
        {
            Assert.True(await UserConnection.EndsAsync(run.FaultyPort, run.Cancellation), "the refused connection stayed open");
        }

        await run.OthersGoOnAsync();
        await Eventually.IsTrueAsync(
            async () => (await run.Connector.Api.LogsAsync()).Contains($"127.0.0.1:{nobody}", StringComparison.Ordinal),
            $"the connector's logs name the upstream 127.0.0.1:{nobody} that refused",
            run.Cancellation);
    });

    [Fact]
    public Task Socket_whose_upstream_resets_leaves_the_others_undisturbed() => RunAsync(async run =>
    {
        await using var rude = LoopbackUpstream.Start((connection, _) =>
        {
            LoopbackUpstream.Reset(connection);
            return Task.CompletedTask;
        });
        await run.PointFaultyToAsync(rude.Port);
        await Eventually.IsTrueAsync(
            async () =>
            {
                await UserConnection.EndsAsync(run.FaultyPort, run.Cancellation, TimeSpan.FromSeconds(1));
                return rude.Accepted >= Clients;
            },
            $"the resetting upstream was reached {Clients} times",
            run.Cancellation);
        await run.OthersGoOnAsync();
    });

    [Fact]
    public Task Socket_with_poison_configuration_leaves_the_others_undisturbed() => RunAsync(async run =>
    {
        foreach (var poison in Poison())
        {
            var answer = await run.Connector.Api.ChangeUpstreamAsync(run.FaultySocket, poison);
            Assert.True((int)answer.Status < 500, $"The API answered {(int)answer.Status} {answer.Body} to {poison.ToJsonString()}");
        }

        await run.OthersGoOnAsync();

        // A valid configuration revives it.
        await using var echo = LoopbackUpstream.StartEcho();
        await run.PointFaultyToAsync(echo.Port);
        await UserConnection.EchoEventuallyAsync(run.FaultyPort, run.Cancellation);
    });

    [Fact]
    public Task Socket_that_is_deleted_leaves_the_others_undisturbed() => RunAsync(async run =>
    {
        await run.Connector.Api.DeleteSocketAsync(run.FaultySocket);
        var ended = await run.FaultyWatch.Ended.WaitAsync(TimeSpan.FromSeconds(60), run.Cancellation);
        Assert.NotEqual("left", ended);
        await run.OthersGoOnAsync();
    });

    [Fact]
    public Task Plugins_whose_sources_hang_flood_and_lie_leave_sockets_and_each_other_undisturbed() => RunAsync(async run =>
    {
        var api = run.Connector.Api;
        await using var silent = LoopbackUpstream.Start(async (_, cancellation) => await Task.Delay(Timeout.Infinite, cancellation));
        await using var flood = LoopbackUpstream.Start(FloodAsync);
        await using var liar = LoopbackUpstream.Start(async (connection, cancellation) =>
        {
            await connection.ReceiveAsync(new byte[4096], cancellation);
            await LoopbackUpstream.SendAllAsync(connection, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n\0garbage"u8.ToArray(), cancellation);
        });
        await using var honest = LoopbackUpstream.Start(
            (connection, cancellation) => LoopbackUpstream.SendAllAsync(connection, "SSH-2.0-OpenSSH_9.9\r\n"u8.ToArray(), cancellation));
        var sick = new List<string>();
        foreach (var port in (int[])[silent.Port, flood.Port, liar.Port])
        {
            sick.Add(await api.CreatePluginAsync(PluginTypes.Docker, new JsonObject { ["docker_host"] = $"tcp://127.0.0.1:{port}" }));
            sick.Add(await api.CreatePluginAsync(
                PluginTypes.Kubernetes, new JsonObject { ["kubernetes_credentials"] = new JsonObject { ["master_url"] = $"http://127.0.0.1:{port}" } }));
            sick.Add(await api.CreatePluginAsync(PluginTypes.AwsEc2, new JsonObject
            {
                ["aws_endpoint_url"] = $"http://127.0.0.1:{port}",
                ["aws_regions"] = new JsonArray("eu-west-1"),
                ["aws_credentials"] = new JsonObject { ["aws_access_key_id"] = "AKIDEXAMPLE", ["aws_secret_access_key"] = "secret" },
            }));
        }

        var healthy = await api.CreatePluginAsync(
            PluginTypes.Network, new JsonObject { ["targets"] = new JsonArray(new JsonObject { ["target"] = "127.0.0.1", ["ports"] = new JsonArray(honest.Port) }) });
        await run.OthersGoOnAsync();

        await Eventually.IsTrueAsync(async () => (await api.DiscoveredAsync(healthy)).Count == 1, "the healthy plugin has found its service", run.Cancellation, SickWithin);
        foreach (var plugin in sick)
        {
            await Eventually.IsTrueAsync(
                async () => (await api.PluginAsync(plugin))["status"] is { } status && (string?)status["state"] == "waiting" && !string.IsNullOrEmpty((string?)status["reason"]),
                $"plugin {plugin} says why it found nothing", run.Cancellation, SickWithin);
            await api.DeletePluginAsync(plugin);
        }

        await api.DeletePluginAsync(healthy);
    });

    /// <summary>An answer without an end, of any kind of text.</summary>
    private static async Task FloodAsync(Socket connection, CancellationToken cancellation)
    {
        await connection.ReceiveAsync(new byte[4096], cancellation);
        await LoopbackUpstream.SendAllAsync(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"items\":["u8.ToArray(), cancellation);
        var more = System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("{\"metadata\":{}},", 4096)));
        while (true)
        {
            await LoopbackUpstream.SendAllAsync(connection, more, cancellation);
        }
    }

    private static IEnumerable<JsonNode> Poison()
    {
        yield return new JsonObject { ["service_type"] = "tls", ["tls_service_configuration"] = new JsonObject { ["tls_service_type"] = "standard" } };
        yield return new JsonObject { ["service_type"] = "nonsense" };
        var upstream = ControlPlaneApi.TlsUpstream(1);
        upstream["tls_service_configuration"]!["standard_tls_service_configuration"]!["port"] = 70_000;
        yield return upstream;
        upstream = ControlPlaneApi.TlsUpstream(1);
        upstream["tls_service_configuration"]!["standard_tls_service_configuration"]!["hostname"] = new string('x', 5_000);
        yield return upstream;
        upstream = ControlPlaneApi.TlsUpstream(1);
        upstream["tls_service_configuration"]!["standard_tls_service_configuration"]!["hostname"] = "from:env:NOT_THERE_AT_ALL";
        yield return upstream;
    }

    private async Task RunAsync(Func<IsolationRun, Task> misbehave)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var connector = await dev.GetAsync(cancellation);
        await BestOf.ThreeAsync(async () =>
        {
            await using var run = await IsolationRun.StartAsync(connector, cancellation);
            await misbehave(run);
            return await run.FinishAsync();
        });
    }

    /// <summary>Ten sockets with a stream each, and a control stream that does not pass through the connector.</summary>
    private sealed class IsolationRun : IAsyncDisposable
    {
        private readonly List<ApiSocket> sockets = [];
        private readonly List<StreamWatch> watches = [];
        private readonly List<UserConnection> clients = [];
        private readonly PacedUpstream upstream = new();
        private StreamWatch? control;

        private IsolationRun(ConnectorProcess connector, CancellationToken cancellation)
        {
            Connector = connector;
            Cancellation = cancellation;
        }

        public ConnectorProcess Connector { get; }

        public CancellationToken Cancellation { get; }

        public ApiSocket FaultySocket => sockets[Faulty];

        public int FaultyPort => FaultySocket.Port;

        public StreamWatch FaultyWatch => watches[Faulty];

        private IEnumerable<StreamWatch> Others => watches.Where((_, index) => index != Faulty);

        public static async Task<IsolationRun> StartAsync(ConnectorProcess connector, CancellationToken cancellation)
        {
            var run = new IsolationRun(connector, cancellation);
            try
            {
                var prefix = $"iso-{Guid.NewGuid().ToString("N")[..8]}";
                for (var i = 0; i < Sockets; i++)
                {
                    run.sockets.Add(await connector.Api.CreateSocketAsync($"{prefix}-{i}", run.upstream.Port));
                }

                foreach (var socket in run.sockets)
                {
                    run.watches.Add(await ServedStream.StartAsync(socket, cancellation));
                }

                run.control = await StreamWatch.StartAsync("control", run.upstream.Port, cancellation);
                await Task.WhenAll(run.Others.Append(run.control).Select(watch => watch.ReceiveAsync(BlocksBefore, cancellation)));
                foreach (var watch in run.Others.Append(run.control))
                {
                    watch.ForgetSilence();
                }

                return run;
            }
            catch
            {
                await run.DisposeAsync();
                throw;
            }
        }

        public async Task PointFaultyToAsync(int port)
            => (await Connector.Api.ChangeUpstreamAsync(FaultySocket, ControlPlaneApi.TlsUpstream(port))).EnsureSuccess("Changing the upstream");

        /// <summary>New users of the faulty socket, who send until nobody takes any more.</summary>
        public async Task PushIntoFaultyAsync()
        {
            var block = new byte[256 * 1024];
            for (var i = 0; i < Clients; i++)
            {
                try
                {
                    var client = await UserConnection.OpenAsync(FaultyPort, Cancellation);
                    clients.Add(client);
                    client.Socket.Blocking = false;
                    for (var sent = 0; sent < 8 * block.Length;)
                    {
                        sent += client.Socket.Send(block);
                    }
                }
                catch (SocketException)
                {
                    // Full, or refused by now: both are the point.
                }
            }
        }

        public Task OthersGoOnAsync() => Task.WhenAll(Others.Append(control!).Select(watch => watch.ReceiveAsync(BlocksDuring, Cancellation)));

        /// <returns>Which stream stalled; null when none did. Nothing may be lost in either case.</returns>
        public async Task<string?> FinishAsync()
        {
            // The noise of the machine is in both; what the connector adds is the difference.
            var allowed = control!.LongestSilence + AllowedStall;
            var stalled = Others.FirstOrDefault(watch => watch.LongestSilence > allowed) is { } slow
                ? $"Stream {slow.Name} stalled for {slow.LongestSilence.TotalMilliseconds:0} ms; allowed were {allowed.TotalMilliseconds:0} ms."
                : null;

            upstream.Finish();
            foreach (var watch in Others)
            {
                Assert.Equal("end", await watch.Ended.WaitAsync(TimeSpan.FromSeconds(60), Cancellation));
                Assert.Equal(upstream.SentBlocks(watch.Seed), watch.Blocks);
            }

            return stalled;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var client in clients)
            {
                client.Dispose();
            }

            foreach (var watch in watches)
            {
                await watch.DisposeAsync();
            }

            if (control is not null)
            {
                await control.DisposeAsync();
            }

            foreach (var socket in sockets)
            {
                await Connector.Api.DeleteSocketAsync(socket);
            }

            await upstream.DisposeAsync();
        }
    }
}
