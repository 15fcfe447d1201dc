using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using Connector.Actors.Control;
using Connector.Protocol;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Control.Wire.Common;
using Connector.Protocol.Ids;
using Connector.Protocol.Tls;
using Connector.Tests.Processes;
using Grpc.Core;
using Xunit;

namespace Connector.Tests.Actors.Control;

[Trait("kind", Kinds.Contract)]
public sealed class GrpcControlTransportTests
{
    private static readonly byte[] Nonce = [.. Enumerable.Range(240, 16).Select(i => (byte)i), .. Enumerable.Range(0, 16).Select(i => (byte)i)];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Open_sends_the_headers_and_reads_the_nonce()
    {
        var seen = new TaskCompletionSource<Metadata>();
        await using var server = await StubControlServer.Start(async (requests, _, context) =>
        {
            seen.SetResult(context.RequestHeaders);
            await SendNonce(context);
            await requests.MoveNext(context.CancellationToken);
        });
        await using var connection = await Transport(server, s => s with { ConnectorId = new ConnectorId("c-1") }).OpenAsync(1, Cancelled);
        var headers = await seen.Task.WaitAsync(Cancelled);
        Assert.Equal("the token", headers.GetValue("token"));
        Assert.Equal("c-1", headers.GetValue("connector_id"));
        Assert.Equal(
            ["challenge", "config_version", "discovery", "edges", "hello", "hello_ack", "logs", "logs_ack", "plugin_status", "socket_status", "tickets"],
            headers.GetValue("x-connector-features")!.Split(',').Order(StringComparer.Ordinal));
        Assert.Null(headers.GetValue("authorization"));
        Assert.Equal(Nonce, connection.Nonce.ToArray());
    }

    [Fact]
    public async Task Open_without_a_configured_id_sends_no_connector_id()
    {
        var seen = new TaskCompletionSource<Metadata>();
        await using var server = await StubControlServer.Start(async (requests, _, context) =>
        {
            seen.SetResult(context.RequestHeaders);
            await context.WriteResponseHeadersAsync([]);
            await requests.MoveNext(context.CancellationToken);
        });
        await using var connection = await Transport(server).OpenAsync(1, Cancelled);
        Assert.Null((await seen.Task.WaitAsync(Cancelled)).GetValue("connector_id"));
        Assert.True(connection.Nonce.IsEmpty);
    }

    [Fact]
    public async Task Messages_travel_both_ways_in_order_and_half_close_arrives()
    {
        var ended = new TaskCompletionSource<int>();
        await using var server = await StubControlServer.Start(async (requests, responses, context) =>
        {
            await SendNonce(context);
            var count = 0;
            while (await requests.MoveNext(context.CancellationToken))
            {
                count++;
                await responses.WriteAsync(new ControlStreamResponse { LogsAck = new LogsAck { Sequence = requests.Current.Logs.Sequence } });
            }

            ended.SetResult(count);
        });
        await using var connection = await Transport(server).OpenAsync(1, Cancelled);
        for (var i = 1; i <= 100; i++)
            Assert.True(connection.TrySend(new ControlStreamRequest { Logs = new LogBatch { Sequence = i } }));
        for (var i = 1; i <= 100; i++)
            Assert.Equal(i, (await connection.ReceiveAsync(Cancelled))!.LogsAck.Sequence);
        var pending = connection.ReceiveAsync(Cancelled);
        await connection.CompleteAsync(Cancelled);
        Assert.Equal(100, await ended.Task.WaitAsync(Cancelled));
        Assert.Null(await pending);
    }

    [Theory]
    [InlineData(StatusCode.AlreadyExists, "connector is already connected", ControlFailureKind.AlreadyConnected)]
    [InlineData(StatusCode.Cancelled, "connector deleted", ControlFailureKind.Deleted)]
    [InlineData(StatusCode.Unauthenticated, "token expired", ControlFailureKind.Unauthenticated)]
    [InlineData(StatusCode.Aborted, "fenced", ControlFailureKind.Fenced)]
    public async Task Refusal_is_told_with_its_text_and_slot(StatusCode code, string text, ControlFailureKind kind)
    {
        foreach (var early in new[] { true, false })
        {
            await using var server = await StubControlServer.Start(async (requests, _, context) =>
            {
                if (!early)
                {
                    await SendNonce(context);
                    await requests.MoveNext(context.CancellationToken);
                }

                context.ResponseTrailers.Add("retry-after-ms", "1234");
                context.Status = new Status(code, text);
            });
            var failure = await Failure(async () =>
            {
                await using var connection = await Transport(server).OpenAsync(1, Cancelled);
                connection.TrySend(new ControlStreamRequest { Heartbeat = new HeartbeatMessage() });
                await connection.ReceiveAsync(Cancelled);
            });
            Assert.Equal((kind, text), (failure.Kind, failure.Reason));
            Assert.Equal(kind == ControlFailureKind.Deleted ? null : TimeSpan.FromMilliseconds(1234), failure.RetryAfter);
        }
    }

    [Fact]
    public async Task Clean_end_is_null()
    {
        await using var server = await StubControlServer.Start((_, _, context) => SendNonce(context));
        await using var connection = await Transport(server).OpenAsync(1, Cancelled);
        Assert.Null(await connection.ReceiveAsync(Cancelled));
    }

    [Fact]
    public async Task Server_that_sends_no_headers_ends_at_the_deadline()
    {
        var freed = new TaskCompletionSource();
        await using var server = await StubControlServer.Start((_, _, context) =>
        {
            context.CancellationToken.Register(() => freed.TrySetResult());
            return freed.Task;
        });
        var failure = await Failure(() => Transport(server, s => s with { HeadersDeadline = TimeSpan.FromSeconds(3) }).OpenAsync(1, Cancelled));
        Assert.Equal(ControlFailureKind.Unreachable, failure.Kind);
        Assert.Contains("is connected but did not answer within 3 s", failure.Reason, StringComparison.Ordinal);
        await freed.Task.WaitAsync(Patience, Cancelled);
    }

    [Fact]
    public async Task Server_that_freezes_before_tls_ends_at_the_connect_deadline()
    {
        using var frozen = new TcpListener(IPAddress.Loopback, 0);
        frozen.Start();
        var settings = Settings(new Uri($"https://localhost:{((IPEndPoint)frozen.LocalEndpoint).Port}"), new ServerTrust([]));
        var failure = await Failure(() =>
            new GrpcControlTransport(settings with { ConnectDeadline = TimeSpan.FromSeconds(0.3) }, TimeProvider.System).OpenAsync(1, Cancelled));
        Assert.Equal(ControlFailureKind.Unreachable, failure.Kind);
    }

    [Fact]
    public async Task Server_whose_connection_freezes_is_noticed_by_the_keep_alive()
    {
        await using var server = await StubControlServer.Start(async (requests, _, context) =>
        {
            await SendNonce(context);
            await requests.MoveNext(context.CancellationToken);
        });
        await using var cut = new FreezableForwarder(server.Url.Port);
        var transport = Transport(server, s => s with
        {
            Server = new Uri($"https://localhost:{cut.Port}"),
            KeepAliveDelay = TimeSpan.FromSeconds(3),
            KeepAliveTimeout = TimeSpan.FromSeconds(5),
        });
        await using var connection = await transport.OpenAsync(1, Cancelled);
        cut.Freeze();
        var failure = await Failure(() => connection.ReceiveAsync(Cancelled));
        Assert.True(failure.Kind is ControlFailureKind.Unreachable or ControlFailureKind.Ended, failure.ToString());
    }

    [Fact]
    public async Task Results_of_discovery_fill_no_queue_and_hold_nothing_up()
    {
        const int Results = 1_000;
        var read = new TaskCompletionSource();
        var seen = new TaskCompletionSource<List<ControlStreamRequest.RequestTypeOneofCase>>();
        await using var server = await StubControlServer.Start(async (requests, _, context) =>
        {
            await SendNonce(context);
            await read.Task;
            var all = new List<ControlStreamRequest.RequestTypeOneofCase>();
            while (await requests.MoveNext(context.CancellationToken))
                all.Add(requests.Current.RequestTypeCase);
            seen.SetResult(all);
        });
        await using var connection = await Transport(server).OpenAsync(1, Cancelled);
        var result = new ControlStreamRequest { PluginDiscoveryResults = new PluginDiscoveryResults { PluginId = new string('p', 20_000) } };
        for (var i = 0; i < Results; i++)
            Assert.True(connection.TrySend(result));
        Assert.True(connection.TrySend(new ControlStreamRequest { Heartbeat = new HeartbeatMessage() }));
        read.SetResult();
        await connection.CompleteAsync(Cancelled);

        var order = await seen.Task.WaitAsync(Cancelled);
        Assert.Equal(Results + 1, order.Count);
        Assert.InRange(order.IndexOf(ControlStreamRequest.RequestTypeOneofCase.Heartbeat), 0, Results / 2);
    }

    [Fact]
    public async Task Results_that_pile_up_before_a_server_that_does_not_read_are_bounded()
    {
        var freed = new TaskCompletionSource();
        await using var server = await StubControlServer.Start(async (_, _, context) =>
        {
            await SendNonce(context);
            context.CancellationToken.Register(() => freed.TrySetResult());
            await freed.Task;
        });
        await using var connection = await Transport(server).OpenAsync(1, Cancelled);

        // One message many times: it is counted, and held once.
        var result = new ControlStreamRequest { PluginDiscoveryResults = new PluginDiscoveryResults { PluginId = new string('p', 1024 * 1024) } };
        var sent = 0;
        while (sent < 1_000 && connection.TrySend(result))
            sent++;

        Assert.InRange(sent, 100, 200);
    }

    [Fact]
    public async Task Server_that_does_not_read_is_given_up()
    {
        var freed = new TaskCompletionSource();
        await using var server = await StubControlServer.Start(async (_, _, context) =>
        {
            await SendNonce(context);
            context.CancellationToken.Register(() => freed.TrySetResult());
            await freed.Task;
        });
        await using var connection = await Transport(server, s => s with { WriteDeadline = TimeSpan.FromSeconds(0.5) }).OpenAsync(1, Cancelled);
        var big = new ControlStreamRequest { Logs = new LogBatch { Records = { new Log { Message = new string('x', 60_000) } } } };
        while (connection.TrySend(big) && !freed.Task.IsCompleted)
            await Task.Yield();
        var failure = await Failure(() => connection.ReceiveAsync(Cancelled));
        Assert.Contains("did not read", failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_of_another_authority_is_refused_before_the_token_is_sent()
    {
        var called = false;
        await using var server = await StubControlServer.Start((_, _, _) =>
        {
            called = true;
            return Task.CompletedTask;
        });
        var other = new ServerTrust(["sha256/" + Convert.ToBase64String(new byte[32])]);
        var failure = await Failure(() => Transport(server, s => s with { Trust = other }).OpenAsync(1, Cancelled));
        Assert.Equal(ControlFailureKind.Unreachable, failure.Kind);
        Assert.Contains("is not trusted", failure.Reason, StringComparison.Ordinal);
        Assert.False(called);
    }

    [Fact]
    public async Task Nobody_listening_is_unreachable_and_names_the_server()
    {
        var port = FreePorts.Take();
        var failure = await Failure(() =>
            new GrpcControlTransport(Settings(new Uri($"https://localhost:{port}"), new ServerTrust([])), TimeProvider.System).OpenAsync(1, Cancelled));
        Assert.Equal(ControlFailureKind.Unreachable, failure.Kind);
        Assert.Contains($"https://localhost:{port}", failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_that_cannot_be_read_is_an_authentication_failure()
    {
        await using var server = await StubControlServer.Start((_, _, _) => Task.CompletedTask);
        var transport = Transport(server, s => s with { Token = () => throw new IOException("/run/token is gone") });
        var failure = await Failure(() => transport.OpenAsync(1, Cancelled));
        Assert.Equal(ControlFailureKind.Unauthenticated, failure.Kind);
        Assert.Contains("/run/token is gone", failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Address_without_tls_is_refused()
        => Assert.Throws<ArgumentException>(() => new GrpcControlTransport(Settings(new Uri("http://localhost:1"), new ServerTrust([])), TimeProvider.System));

    private static Task SendNonce(ServerCallContext context)
        => context.WriteResponseHeadersAsync(new Metadata { { "x-connector-nonce", Base64Url.EncodeToString(Nonce) } });

    private static GrpcControlTransport Transport(
        StubControlServer server, Func<GrpcControlTransportSettings, GrpcControlTransportSettings>? change = null)
    {
        var settings = Settings(server.Url, server.Trust);
        return new GrpcControlTransport(change?.Invoke(settings) ?? settings, TimeProvider.System);
    }

    /// <summary>Deadlines are those of the tests that look at one; the others only need an answer.</summary>
    private static GrpcControlTransportSettings Settings(Uri server, ServerTrust trust) => new()
    {
        Server = server,
        Trust = trust,
        Token = () => new Secret("the token"),
        ConnectDeadline = Patience,
        HeadersDeadline = Patience,
        WriteDeadline = Patience,
    };

    private static async Task<ControlFailure> Failure(Func<Task> action) => (await Assert.ThrowsAsync<ControlTransportException>(action)).Failure;
}
