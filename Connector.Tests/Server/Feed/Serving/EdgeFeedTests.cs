using System.Net;
using System.Net.Sockets;
using Connector.Protocol;
using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Relay.Links;
using Connector.Server.Edge.Health;
using Connector.Server.Feed;
using Connector.Server.Feed.Following;
using Connector.Server.Feed.Serving;
using Connector.Server.Feed.Wire;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Connector.Tests.Actors.Control;
using Connector.Tests.Processes;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Connector.Tests.Server.Feed.Serving;

/// <summary>The feed between a real control plane (Kestrel, TLS, store) and edges of their own, over loopback.</summary>
[Trait("kind", Kinds.Contract)]
public sealed class EdgeFeedTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Edge_gets_the_whole_state_and_then_each_change()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        var connector = await control.CreateConnectorAsync("a");
        await control.CreateSocketAsync("one", connector);
        var edge = await control.FollowAsync(await control.CreateEdgeAsync("far"));
        await edge.HasAsync("one");
        await edge.IsAsync(FeedConditionState.Fresh);
        await control.CreateSocketAsync("two", connector);
        await edge.HasAsync("one", "two");
        await control.Services.GetRequiredService<SocketCatalog>().DeleteAsync("one", Cancellation);
        control.Changed();
        await edge.HasAsync("two");
        Assert.Equal([connector], edge.State!.Connectors);
        Assert.Equal(control.Services.GetRequiredService<SigningKey>().KeyId, Assert.Single(edge.State.TicketKeys).KeyId);
        await Eventually.IsTrue(
            () => control.Connections.Find(edge.Id)?.Applied == edge.State!.Version, "the control plane knows what is in force at the edge");
    }

    [Fact]
    public async Task Thousands_of_sockets_arrive_whole()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        var connector = await control.CreateConnectorAsync("a");
        await control.Services.GetRequiredService<ControlDatabase>().WriteAsync(
            "test",
            db =>
            {
                for (var i = 0; i < 10_000; i++)
                {
                    var id = Guid.NewGuid().ToString();
                    db.Sockets.Add(new SocketRow
                    {
                        Id = id, Name = $"s{i}", Type = "tls", UpstreamConfiguration = "{}", EdgePort = 10_000 + i, EdgePublic = true, EdgeAllowedIps = "10.0.0.0/8 ::1/128",
                        Connectors = [new SocketConnectorRow { Id = Guid.NewGuid().ToString(), SocketId = id, ConnectorId = connector.Value }],
                    });
                }

                db.SaveChanges();
                ControlDatabase.RaiseVersion(db, []);
            },
            Cancellation);
        var edge = await control.FollowAsync(await control.CreateEdgeAsync("far"));
        await Eventually.IsTrue(() => edge.State?.Sockets.Length == 10_000, "all sockets are there");
        var whole = await control.Services.GetRequiredService<EdgeStateReader>().ReadAsync(Cancellation);
        Wire.StateWireTests.AssertSame(whole with { Sockets = [.. whole.Sockets.OrderBy(socket => socket.Id.Value, StringComparer.Ordinal)] }, edge.State!);
        await control.CreateSocketAsync("one-more", connector);
        await Eventually.IsTrue(() => edge.State?.Sockets.Length == 10_001, "one more is there");
    }

    [Fact]
    public async Task Edge_that_came_is_in_the_directory_also_while_it_is_away_and_until_it_is_deleted()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        var changes = 0;
        control.Directories.Changed += () => Interlocked.Increment(ref changes);
        var credential = await control.CreateEdgeAsync("far");
        Assert.Empty(control.Directories.Edges);
        var edge = await control.FollowAsync(credential);
        await Eventually.IsTrue(() => control.Directories.Edges.Length == 1, "the edge is in the directory");
        var entry = control.Directories.Edges[0];
        Assert.Equal((edge.Id, "127.0.0.1:8444"), (entry.EdgeId, Assert.Single(entry.Addresses)));
        Assert.Equal(control.Options.CaPins, entry.CaPins);
        await edge.IsAsync(FeedConditionState.Fresh);

        await edge.StopAsync();
        await Eventually.IsTrue(() => control.Connections.Find(edge.Id) is null, "the edge is away");
        Assert.Single(control.Directories.Edges);
        var again = await control.FollowAsync(credential, edge.Directory);
        await again.IsAsync(FeedConditionState.Fresh);
        Assert.Equal(1, Volatile.Read(ref changes));

        var row = (await control.Catalog.FindAsync("far", Cancellation))!;
        Assert.Equal(("edge.test", "1.2.3"), (row.PublicHost, row.SoftwareVersion));
        await control.Catalog.DeleteAsync("far", Cancellation);
        await control.Services.GetRequiredService<EdgeFeedServices>().DeletedAsync(edge.Id, "far", Cancellation);
        Assert.Empty(control.Directories.Edges);
        Assert.Equal(2, Volatile.Read(ref changes));
        await Eventually.IsTrue(() => again.Feed.Condition.Reason.Contains("was deleted", StringComparison.Ordinal), "the edge was told why");
    }

    [Fact]
    public async Task Revoked_edge_is_refused_with_the_reason_and_keeps_what_it_has()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        var log = new ListLogger();
        await control.CreateSocketAsync("one");
        var edge = await control.FollowAsync(await control.CreateEdgeAsync("far"), log: log);
        await edge.HasAsync("one");
        await control.Catalog.DeleteAsync("far", Cancellation);
        await control.Services.GetRequiredService<EdgeFeedServices>().DeletedAsync(edge.Id, "far", Cancellation);
        await edge.IsAsync(FeedConditionState.Stale);
        await Eventually.IsTrue(() => log.Lines.Any(line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("was deleted", StringComparison.Ordinal)), "the log says why");
        await edge.HasAsync("one");
        Assert.True(EdgeReadiness.Ready(edge.Feed.Condition).Good);
    }

    [Fact]
    public async Task Credential_that_was_replaced_is_refused_and_the_new_one_goes_on_with_the_same_state()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        var edge = await control.FollowAsync(await control.CreateEdgeAsync("far"));
        await edge.IsAsync(FeedConditionState.Fresh);
        var row = (await control.Catalog.ReplaceCredentialAsync("far", Guid.NewGuid().ToString(), null, Cancellation))!;
        control.Connections.End(edge.Id, StatusCode.Unauthenticated, EdgeFeedService.ReplacedText);
        await Eventually.IsTrue(() => edge.Feed.Condition.Reason.Contains("replaced by a newer one", StringComparison.Ordinal), "the old one is refused");
        await edge.StopAsync();
        var next = await control.FollowAsync(control.Credential(row), edge.Directory);
        await next.IsAsync(FeedConditionState.Fresh);
    }

    [Theory]
    [InlineData(null, "no edge credential was sent")]
    [InlineData("", "no edge credential was sent")]
    [InlineData("nonsense", "not a signed JWT")]
    public async Task Bad_credential_is_refused(string? credential, string expected)
        => Assert.Contains(expected, (await RefusedAsync(credential)).Detail, StringComparison.Ordinal);

    [Fact]
    public async Task Credential_of_another_kind_or_server_is_refused()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        var connector = await control.CreateConnectorAsync("a");
        var token = control.Services.GetRequiredService<TokenIssuer>().IssueConnectorToken(
            new ConnectorTokenClaims("t", connector, "org", control.Https, [], DateTimeOffset.UtcNow, null));
        Assert.Contains("not an edge credential", (await RefusedAsync(token, control)).Detail, StringComparison.Ordinal);
        using var stranger = SigningKey.Create();
        var claims = EdgeCredentialReader.Read(await control.CreateEdgeAsync("far"));
        Assert.Contains(
            "does not have", (await RefusedAsync(new TokenIssuer(stranger).IssueEdgeCredential(claims), control)).Detail, StringComparison.Ordinal);
        var expired = control.Services.GetRequiredService<TokenIssuer>().IssueEdgeCredential(
            claims with { IssuedAt = DateTimeOffset.UtcNow.AddHours(-2), ExpiresAt = DateTimeOffset.UtcNow.AddHours(-1) });
        Assert.Contains("expired", (await RefusedAsync(expired, control)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hello_that_says_nothing_good_is_refused_with_what_to_set()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        var credential = await control.CreateEdgeAsync("far");
        var good = new EdgeHello { BootId = ByteString.CopyFrom(new byte[16]), TunnelAddresses = { "edge.test:1" }, PublicHost = "edge.test" };
        (Action<EdgeHello> Spoil, string Expected)[] cases =
        [
            (hello => hello.TunnelAddresses.Clear(), "tunnel_address"),
            (hello => hello.TunnelAddresses[0] = "edge.test", "tunnel_address"),
            (hello => hello.TunnelAddresses[0] = "edge.test:0", "tunnel_address"),
            (hello => hello.TunnelAddresses.Add(Enumerable.Repeat("a:1", 50)), "tunnel_address"),
            (hello => hello.CaPins.Add("sha256/short"), "pins"),
            (hello => hello.PublicHost = "not a host", "public_host"),
            (hello => hello.BootId = ByteString.Empty, "boot id"),
        ];
        foreach (var (spoil, expected) in cases)
        {
            var hello = good.Clone();
            spoil(hello);
            Assert.Contains(expected, (await RefusedAsync(credential.Reveal(), control, hello)).Detail, StringComparison.Ordinal);
        }

        Assert.Empty(control.Directories.Edges);
    }

    [Fact]
    public async Task Second_process_with_the_same_credential_waits_and_the_first_is_not_disturbed()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        var credential = await control.CreateEdgeAsync("far");
        var first = await control.FollowAsync(credential);
        await first.IsAsync(FeedConditionState.Fresh);
        var second = await control.FollowAsync(credential);
        await Eventually.IsTrue(() => second.Feed.Condition.Reason.Contains("another process is connected", StringComparison.Ordinal), "the second is told");
        await first.IsAsync(FeedConditionState.Fresh);
        await first.StopAsync();
        await second.IsAsync(FeedConditionState.Fresh);
    }

    [Fact]
    public async Task Control_plane_that_falls_silent_is_stale_within_seconds_and_dialled_again()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        await using var cable = new FreezableForwarder(control.Https.Port);
        await control.CreateSocketAsync("one");
        var edge = await control.FollowAsync(await control.CreateEdgeAsync("far"), through: cable.Port);
        await edge.IsAsync(FeedConditionState.Fresh);
        cable.Freeze();
        await edge.IsAsync(FeedConditionState.Stale);
        var condition = edge.Feed.Condition;
        Assert.True((condition.Since - condition.HeardAt!.Value).TotalSeconds >= 2.5, $"stale since {condition.Since}, heard at {condition.HeardAt}");
        await edge.HasAsync("one");
        await Eventually.IsTrue(() => edge.Feed.Condition.Reason.Contains("said nothing for", StringComparison.Ordinal), "the dead stream is given up");
        await Eventually.IsTrue(() => control.Connections.Find(edge.Id) is null, "the other end has given it up as well");
    }

    [Fact]
    public async Task Edge_starts_and_serves_from_its_disk_and_hears_what_changed_when_the_control_plane_is_back()
    {
        // One that nobody else is given meanwhile: the control plane comes back on it.
        var port = FreePorts.Take();
        var control = await EdgeFeedFixture.StartAsync(port: port);
        await using var disposing = control;
        var connector = await control.CreateConnectorAsync("a");
        await control.CreateSocketAsync("one", connector);
        var credential = await control.CreateEdgeAsync("far");
        var edge = await control.FollowAsync(credential);
        await edge.HasAsync("one");
        await control.StopAsync();
        await edge.StopAsync();

        var log = new ListLogger();
        var again = await control.FollowAsync(credential, edge.Directory, log: log);
        await again.HasAsync("one");
        Assert.Equal(FeedConditionState.Stale, again.Feed.Condition.State);
        Assert.Contains(log.Lines, line => line.Contains("the state of an earlier run is in force", StringComparison.Ordinal));
        await Eventually.IsTrue(() => log.Lines.Any(line => line.Contains("no feed from", StringComparison.Ordinal)), "the log says that the control plane is away");

        await using var restarted = await control.StartAgainAsync(port);
        await again.IsAsync(FeedConditionState.Fresh);
        await restarted.CreateSocketAsync("two", connector);
        await again.HasAsync("one", "two");
        Assert.Single(log.Lines, line => line.Contains("no feed from", StringComparison.Ordinal));
        await Eventually.IsTrue(() => log.Lines.Count(line => line.Contains("the control plane is followed", StringComparison.Ordinal)) == 1, "that it is back is said once");
    }

    [Fact]
    public async Task State_of_a_store_that_was_put_back_is_refused_and_that_of_a_new_store_taken()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        await control.CreateSocketAsync("one");
        var credential = await control.CreateEdgeAsync("far");
        var edge = await control.FollowAsync(credential);
        await edge.HasAsync("one");
        await edge.StopAsync();

        var file = new EdgeStateFile(edge.Directory);
        var kept = file.Read()!;
        file.Write(kept with { State = kept.State with { Version = kept.State.Version with { Number = kept.State.Version.Number + 50 } } });
        var log = new ListLogger();
        var newer = await control.FollowAsync(credential, edge.Directory, log: log);
        await Eventually.IsTrue(() => log.Lines.Any(line => line.Contains("is older than", StringComparison.Ordinal)), "the older state is refused");
        Assert.Equal(kept.State.Version.Number + 50, newer.State!.Version.Number);
        await newer.StopAsync();

        file.Write(kept with { State = kept.State with { Version = new DesiredStateVersion("another-store", 1_000_000), Sockets = [] } });
        var other = await control.FollowAsync(credential, edge.Directory);
        await other.HasAsync("one");
        Assert.Equal(kept.State.Version, other.State!.Version);
    }

    [Fact]
    public async Task Reports_are_noted_per_edge_and_stored_once()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        var connector = await control.CreateConnectorAsync("a");
        var socket = await control.CreateSocketAsync("one", connector);
        var (one, two) = (await control.FollowAsync(await control.CreateEdgeAsync("one")), await control.FollowAsync(await control.CreateEdgeAsync("two")));
        var boot = BootId.New();
        one.Feed.Report(new EdgeReport.Listening(socket, new IPEndPoint(IPAddress.Any, 20_000)));
        two.Feed.Report(new EdgeReport.ListenFailed(socket, 20_000, "in use"));
        one.Feed.Report(new EdgeReport.LinksChanged(
            connector, [new ReplicaLinks(new ReplicaId("r"), boot, 2, 3, false, [socket]) { Path = new PathProof(true, TimeSpan.FromSeconds(1)) }]));
        var (running, over) = (FeedSamples.Session(connector, edge: one.Id) with { SocketId = socket }, FeedSamples.Session(connector, edge: new EdgeId("a lie")));
        one.Feed.Report(new EdgeReport.SessionBegan(running));
        one.Feed.Report(new EdgeReport.SessionBegan(over));
        one.Feed.Report(FeedSamples.Ended(over));
        one.Feed.Report(FeedSamples.Logged("nobody there", connector));

        await Eventually.IsTrue(() => control.Observations.Find(one.Id)?.Links(connector).Length == 1, "the links are noted");
        Assert.Null(control.Observations.Find(one.Id)!.Listener(socket)!.Failure);
        var links = Assert.Single(control.Observations.Find(one.Id)!.Links(connector));
        Assert.Equal((2, 3, true), (links.Lanes, links.LiveStreams, links.Path.On));
        Assert.Equal([socket], links.Sockets);
        await Eventually.IsTrue(() => control.Observations.Find(two.Id)?.Listener(socket)?.Failure == "in use", "the other edge's listener is noted");
        Assert.Empty(control.Observations.Find(two.Id)!.Links(connector));

        await Eventually.IsTrue(() => one.Feed.Outbox.IsEmpty, "all that must last is stored");
        var sessions = control.Services.GetRequiredService<SessionIntake>();
        Assert.Equal(running.Id, Assert.Single(sessions.Live.Matching(new SessionFilter())).Id);
        var (stored, _) = await control.Services.GetRequiredService<SessionHistory>().ReadAsync(new SessionFilter(), 0, 10, Cancellation);
        Assert.Equal((over.Id.ToString(), one.Id.Value), (Assert.Single(stored).SessionId, stored[0].EdgeId));
        await Eventually.IsTrueAsync(async () => (await MessagesAsync(control, connector)).Count == 2, "the records are in the connector's log", Cancellation);
        var messages = await MessagesAsync(control, connector);
        Assert.Contains(messages, message => message.Contains("nobody there", StringComparison.Ordinal) && message.Contains("\"edge\":\"one\"", StringComparison.Ordinal));
        Assert.Contains(messages, message => message.Contains("cannot listen", StringComparison.Ordinal) && message.Contains("\"edge\":\"two\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Control_plane_that_was_restarted_is_told_again_what_stands_and_nothing_is_stored_twice()
    {
        // One that nobody else is given meanwhile: the control plane comes back on it.
        var port = FreePorts.Take();
        var control = await EdgeFeedFixture.StartAsync(port: port);
        await using var disposing = control;
        var connector = await control.CreateConnectorAsync("a");
        var socket = await control.CreateSocketAsync("one", connector);
        var edge = await control.FollowAsync(await control.CreateEdgeAsync("far"));
        await edge.HasAsync("one");
        var (session, boot) = (FeedSamples.Session(connector), BootId.New());
        edge.Feed.Report(new EdgeReport.Listening(socket, new IPEndPoint(IPAddress.Any, 20_000)));
        edge.Feed.Report(FeedSamples.Links(connector, boot, socket));
        edge.Feed.Report(new EdgeReport.SessionBegan(session));
        edge.Feed.Report(FeedSamples.Logged("before", connector));
        await Eventually.IsTrue(() => edge.Feed.Outbox.IsEmpty && control.Observations.Find(edge.Id)?.Links(connector).Length == 1, "it is told");
        await control.StopAsync();

        edge.Feed.Report(FeedSamples.Logged("meanwhile", connector));
        edge.Feed.Report(FeedSamples.Ended(FeedSamples.Session(connector)));
        await using var restarted = await control.StartAgainAsync(port);
        await Eventually.IsTrue(() => restarted.Observations.Find(edge.Id)?.Listener(socket) is not null && edge.Feed.Outbox.IsEmpty, "it is told again");
        await Eventually.IsTrue(
            () => restarted.Observations.Find(edge.Id)!.Links(connector).Length == 1
                && restarted.Services.GetRequiredService<SessionIntake>().Live.Matching(new SessionFilter()).Any(),
            "that too which only stands");
        Assert.Equal([socket], Assert.Single(restarted.Observations.Find(edge.Id)!.Links(connector)).Sockets);
        Assert.Equal(session.Id, Assert.Single(restarted.Services.GetRequiredService<SessionIntake>().Live.Matching(new SessionFilter())).Id);
        var messages = await MessagesAsync(restarted, connector);
        Assert.Equal(2, messages.Count);
        Assert.Contains("meanwhile", messages[0], StringComparison.Ordinal);
        Assert.Contains("before", messages[1], StringComparison.Ordinal);
        Assert.Equal(1, (await restarted.Services.GetRequiredService<SessionHistory>().ReadAsync(new SessionFilter(), 0, 10, Cancellation)).Total);
    }

    [Fact]
    public async Task Batch_that_comes_again_is_stored_once_also_by_another_process_of_the_store()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        var connector = await control.CreateConnectorAsync("a");
        var claims = EdgeCredentialReader.Read(await control.CreateEdgeAsync("far"));
        var (boot, records) = (BootId.New(), new[] { OneRecord("once") }.ToLookup(_ => connector));
        var ended = new[] { SessionIntake.RowOf(FeedSamples.Ended(FeedSamples.Session(connector))) };
        Assert.True(await control.Catalog.StoreReportsAsync(claims.EdgeId, boot, 1, records, ended, Cancellation));
        Assert.False(await control.Catalog.StoreReportsAsync(claims.EdgeId, boot, 1, records, ended, Cancellation));
        Assert.True(await control.Catalog.StoreReportsAsync(claims.EdgeId, boot, 2, records, [], Cancellation));
        Assert.True(await control.Catalog.StoreReportsAsync(claims.EdgeId, BootId.New(), 1, records, [], Cancellation));
        Assert.False(await control.Catalog.StoreReportsAsync(new EdgeId("gone"), boot, 9, records, ended, Cancellation));
        Assert.Equal(3, (await MessagesAsync(control, connector)).Count);
        Assert.Equal(1, (await control.Services.GetRequiredService<SessionHistory>().ReadAsync(new SessionFilter(), 0, 10, Cancellation)).Total);
    }

    [Fact]
    public async Task Edge_that_breaks_the_protocol_is_ended_with_the_reason()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        var credential = await control.CreateEdgeAsync("far");
        var hello = new EdgeMessage
        {
            Hello = new EdgeHello { BootId = ByteString.CopyFrom(new byte[16]), TunnelAddresses = { "edge.test:1" }, PublicHost = "edge.test" },
        };
        var unnamed = new ServedReport { ConnectorId = "c", ReplicaId = "r", BootId = ByteString.CopyFrom(new byte[16]) };
        (EdgeMessage Message, string Expected)[] cases =
        [
            (hello, "second hello"),
            (new EdgeMessage { Applied = new StateApplied() }, "without a version"),
            (new EdgeMessage { Reports = new ReportBatch { Reports = { new Report { Served = unnamed } } } }, "has no link"),
            (new EdgeMessage { Reports = new ReportBatch { Reports = { Enumerable.Repeat(new Report(), FeedBounds.MaxReports + 1) } } }, "are the most"),
        ];
        foreach (var (message, expected) in cases)
        {
            using var channel = control.Channel();
            using var call = new EdgeService.EdgeServiceClient(channel).Follow(new Metadata { { "token", credential.Reveal() } }, cancellationToken: Cancellation);
            await call.RequestStream.WriteAsync(hello, Cancellation);
            await call.RequestStream.WriteAsync(message, Cancellation);
            var ended = await Assert.ThrowsAsync<RpcException>(() => DrainAsync(call.ResponseStream));
            Assert.True(ended.StatusCode == StatusCode.InvalidArgument, $"{expected}: {ended.Status}");
            Assert.Contains(expected, ended.Status.Detail, StringComparison.Ordinal);
            await Eventually.IsTrue(() => control.Connections.Find(EdgeCredentialReader.Read(credential).EdgeId) is null, "its place is free");
        }
    }

    [Fact]
    public async Task Edge_that_says_nothing_after_its_hello_is_given_up()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        using var channel = control.Channel();
        using var call = new EdgeService.EdgeServiceClient(channel)
            .Follow(new Metadata { { "token", (await control.CreateEdgeAsync("far")).Reveal() } }, cancellationToken: Cancellation);
        await call.RequestStream.WriteAsync(
            new EdgeMessage { Hello = new EdgeHello { BootId = ByteString.CopyFrom(new byte[16]), TunnelAddresses = { "edge.test:1" }, PublicHost = "edge.test" } }, Cancellation);
        var ended = await Assert.ThrowsAsync<RpcException>(() => DrainAsync(call.ResponseStream));
        Assert.Contains("said nothing", ended.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_that_is_not_trusted_or_not_there_is_named()
    {
        await using var control = await EdgeFeedFixture.StartAsync();
        var claims = EdgeCredentialReader.Read(await control.CreateEdgeAsync("far"));
        var untrusted = new Secret(control.Services.GetRequiredService<TokenIssuer>().IssueEdgeCredential(
            claims with { CaPins = ["sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] }));
        var edge = await control.FollowAsync(untrusted);
        await Eventually.IsTrue(() => edge.Feed.Condition.Reason.Contains("is not trusted", StringComparison.Ordinal), "the certificate is named");

        var port = FreePorts.Take();
        var nobody = await control.FollowAsync(new Secret(control.Services.GetRequiredService<TokenIssuer>().IssueEdgeCredential(claims)), through: port);
        await Eventually.IsTrue(() => nobody.Feed.Condition.Reason.Contains($"localhost:{port}", StringComparison.Ordinal), "the address is named");
        Assert.Equal(FeedConditionState.Waiting, nobody.Feed.Condition.State);
    }

    private static LogRecord OneRecord(string message) => new(FeedSamples.Time, "info", message, null, null, "edge");

    private static async Task<IReadOnlyList<string>> MessagesAsync(EdgeFeedFixture control, ConnectorId connector)
        => [.. (await control.Services.GetRequiredService<ConnectorLogs>().ReadAsync(connector, null, null, null, new PageRequest(1, 100), Cancellation)).Records.Select(record => record.Message)];

    private static async Task<Status> RefusedAsync(string? credential, EdgeFeedFixture? running = null, EdgeHello? hello = null)
    {
        var control = running ?? await EdgeFeedFixture.StartAsync();
        try
        {
            using var channel = control.Channel();
            using var call = new EdgeService.EdgeServiceClient(channel).Follow(credential is null ? [] : new Metadata { { "token", credential } }, cancellationToken: Cancellation);
            if (hello is not null)
            {
                await call.RequestStream.WriteAsync(new EdgeMessage { Hello = hello }, Cancellation);
            }

            var refused = await Assert.ThrowsAsync<RpcException>(() => DrainAsync(call.ResponseStream));
            Assert.Equal(hello is null ? StatusCode.Unauthenticated : StatusCode.InvalidArgument, refused.StatusCode);
            return refused.Status;
        }
        finally
        {
            if (running is null)
            {
                await control.DisposeAsync();
            }
        }
    }

    private static async Task DrainAsync(IAsyncStreamReader<FeedMessage> stream)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        while (await stream.MoveNext(patience.Token))
        {
        }
    }

    private sealed class ListLogger : ILogger<RemoteFeed>
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> lines = new();

        public IReadOnlyCollection<string> Lines => lines;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
            => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => lines.Enqueue($"{logLevel}: {formatter(state, exception)}");
    }
}
