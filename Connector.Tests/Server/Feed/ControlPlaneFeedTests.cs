using System.Net;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Server.Feed;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Connector.Tests.Server.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Connector.Tests.Server.Feed;

[Trait("kind", Kinds.Contract)]
public sealed class ControlPlaneFeedTests : IDisposable
{
    /// <summary>Only reached by a test that fails.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly OpenStore store = new();
    private readonly EdgeObservations observations = new();
    private readonly VerificationKey key = new("key", [1, 2, 3]);
    private readonly ControlPlaneFeed feed;

    public ControlPlaneFeedTests()
        => feed = new ControlPlaneFeed(
            new EdgeStateReader(store.Database, () => key), observations, store.Logs, store.Sockets,
            new SessionIntake(store.Sessions, TimeProvider.System, NullLogger<SessionIntake>.Instance), TimeProvider.System,
            NullLogger<ControlPlaneFeed>.Instance);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        feed.Dispose();
        store.Dispose();
    }

    [Fact]
    public async Task Follower_gets_the_whole_state_first()
    {
        var (one, two) = (await store.CreateConnectorAsync("one"), await store.CreateConnectorAsync("two"));
        var socket = (await store.Sockets.CreateAsync(
            OpenStore.Draft("db", one) with { EdgePublic = true, EdgeAllowedIps = ["10.0.0.0/8", "::1/128"], EdgeHedge = false, EdgeProxyProtocolFrom = ["192.0.2.1/32"] },
            Cancellation)).Socket;

        var state = await FirstAsync();

        Assert.Equal(store.Database.Incarnation, state.Version.Incarnation);
        Assert.Equal(key, Assert.Single(state.TicketKeys));
        Assert.Equal(new HashSet<ConnectorId> { one, two }, state.Connectors.ToHashSet());
        Assert.Equal(
            new EdgeSocket(new SocketId(socket.Id), "db", "tls", [one], 20_000, true, [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("::1/128")])
            {
                Hedge = false,
                ProxyProtocolFrom = [IPNetwork.Parse("192.0.2.1/32")],
            },
            Assert.Single(state.Sockets));
    }

    [Fact]
    public async Task Follower_hears_of_a_revoked_token_at_once_and_after_a_restart_of_the_store()
    {
        var connector = await store.CreateConnectorAsync("one");
        foreach (var id in (string[])["t1", "t2"])
        {
            await store.Connectors.AddTokenAsync(
                new ConnectorTokenRow { Id = id, ConnectorId = connector.Value, Name = "n", CreatedBy = "admin" }, Cancellation);
        }

        await using var follower = feed.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await follower.MoveNextAsync().AsTask().WaitAsync(Deadline, Cancellation));
        Assert.Empty(follower.Current.RevokedTickets);

        await store.Connectors.RevokeTokenAsync(connector, "t1", Cancellation);
        feed.Changed();
        Assert.True(await follower.MoveNextAsync().AsTask().WaitAsync(Deadline, Cancellation));
        Assert.Equal(["t1"], follower.Current.RevokedTickets);

        store.Restart();
        Assert.Equal(["t1"], (await new EdgeStateReader(store.Database, () => key).ReadAsync(Cancellation)).RevokedTickets);
    }

    [Fact]
    public async Task Follower_that_is_slow_gets_only_the_newest()
    {
        await using var follower = feed.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await follower.MoveNextAsync().AsTask().WaitAsync(Deadline, Cancellation));
        var first = follower.Current.Version;

        for (var index = 0; index < 20; index++)
        {
            await store.Sockets.CreateAsync(OpenStore.Draft($"s{index}"), Cancellation);
            feed.Changed();
        }

        Assert.True(await follower.MoveNextAsync().AsTask().WaitAsync(Deadline, Cancellation));
        Assert.Equal(20, follower.Current.Sockets.Length);
        Assert.Equal(first.Number + 20, follower.Current.Version.Number);

        // Nothing of the past follows: the next is the next change.
        var next = follower.MoveNextAsync().AsTask();
        await store.Sockets.DeleteAsync("s0", Cancellation);
        feed.Changed();
        Assert.True(await next.WaitAsync(Deadline, Cancellation));
        Assert.Equal(19, follower.Current.Sockets.Length);
    }

    [Fact]
    public async Task Follower_ends_with_its_token_and_others_go_on()
    {
        using var stop = new CancellationTokenSource();
        await using var stopped = feed.FollowAsync(stop.Token).GetAsyncEnumerator(Cancellation);
        await using var other = feed.FollowAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await stopped.MoveNextAsync().AsTask().WaitAsync(Deadline, Cancellation));
        Assert.True(await other.MoveNextAsync().AsTask().WaitAsync(Deadline, Cancellation));

        var waiting = stopped.MoveNextAsync().AsTask();
        await stop.CancelAsync();

        Assert.False(await waiting.WaitAsync(Deadline, Cancellation));
        var next = other.MoveNextAsync().AsTask();
        await store.CreateConnectorAsync("a");
        feed.Changed();
        Assert.True(await next.WaitAsync(Deadline, Cancellation));
    }

    [Fact]
    public async Task Logged_is_stored_as_a_record_of_the_edge()
    {
        var connector = await store.CreateConnectorAsync("a");
        await feed.StartAsync(Cancellation);
        feed.Report(Logged(new ConnectorId("gone"), "for nobody"));
        feed.Report(Logged(connector, "upstream \"refused\"", new("replica", "r1"), new("msg", "not me"), new("reason", "Verbindung abgelehnt ü")));

        var message = Assert.Single(await MessagesAsync(connector, 1));

        Assert.Equal("""{"msg":"upstream \"refused\"","replica":"r1","reason":"Verbindung abgelehnt ü"}""", message);
        var page = await store.Logs.ReadAsync(connector, "warn", "s", null, new PageRequest(1, 10), Cancellation);
        Assert.Equal("edge", Assert.Single(page.Records).Source);
        await feed.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Reports_that_nobody_stores_are_bounded_and_the_oldest_lost_ones_counted()
    {
        var connector = await store.CreateConnectorAsync("a");
        for (var index = 0; index < ControlPlaneFeed.MaxWaitingReports + 100; index++)
        {
            feed.Report(Logged(connector, $"{index}"));
        }

        Assert.Equal(100, feed.DroppedReports);
        await feed.StartAsync(Cancellation);
        var messages = await MessagesAsync(connector, ControlPlaneFeed.MaxWaitingReports);
        Assert.Equal($$"""{"msg":"{{ControlPlaneFeed.MaxWaitingReports + 99}}"}""", messages[0]);
        Assert.Equal("""{"msg":"100"}""", messages[^1]);
        await feed.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Reports_that_wait_when_the_feed_stops_are_stored()
    {
        var connector = await store.CreateConnectorAsync("a");
        await feed.StartAsync(Cancellation);
        for (var index = 0; index < 500; index++)
        {
            feed.Report(Logged(connector, $"{index}"));
        }

        await feed.StopAsync(Cancellation);

        Assert.Equal(500, (await store.MessagesAsync(connector)).Count);
    }

    [Fact]
    public async Task Listen_failure_is_logged_once_for_each_connector_until_it_is_another()
    {
        var (one, two) = (await store.CreateConnectorAsync("one"), await store.CreateConnectorAsync("two"));
        var id = new SocketId((await store.Sockets.CreateAsync(OpenStore.Draft("db", one, two), Cancellation)).Socket.Id);
        await feed.StartAsync(Cancellation);

        for (var attempt = 0; attempt < 5; attempt++)
        {
            feed.Report(new EdgeReport.ListenFailed(id, 20_000, "address in use"));
        }

        feed.Report(new EdgeReport.Listening(id, new IPEndPoint(IPAddress.Loopback, 20_000)));
        Assert.Null(observations.Find(BuiltInEdge.Id)!.Listener(id)!.Failure);
        feed.Report(new EdgeReport.ListenFailed(id, 20_000, "permission denied"));
        Assert.Equal("permission denied", observations.Find(BuiltInEdge.Id)!.Listener(id)!.Failure);
        await feed.StopAsync(Cancellation);

        foreach (var connector in new[] { one, two })
        {
            var messages = await store.MessagesAsync(connector);
            Assert.Equal(2, messages.Count);
            Assert.Contains("permission denied", messages[0]);
            Assert.Contains("\"socket\":\"db\",\"port\":\"20000\",\"error\":\"address in use\"", messages[1]);
        }
    }

    [Fact]
    public async Task Observations_of_what_was_deleted_are_forgotten()
    {
        var connector = await store.CreateConnectorAsync("a");
        var id = new SocketId((await store.Sockets.CreateAsync(OpenStore.Draft("db", connector), Cancellation)).Socket.Id);
        feed.Report(new EdgeReport.Listening(id, new IPEndPoint(IPAddress.Loopback, 20_000)));
        feed.Report(new EdgeReport.LinksChanged(connector, [new ReplicaLinks(new ReplicaId("r"), BootId.New(), 1, 0, false, [id])]));
        await FirstAsync();
        Assert.NotNull(observations.Find(BuiltInEdge.Id)!.Listener(id));
        Assert.Single(observations.Find(BuiltInEdge.Id)!.Links(connector));

        await store.Sockets.DeleteAsync(id.Value, Cancellation);
        await store.Connectors.DeleteAsync(connector, Cancellation);
        await FirstAsync();

        Assert.Null(observations.Find(BuiltInEdge.Id)!.Listener(id));
        Assert.Empty(observations.Find(BuiltInEdge.Id)!.Links(connector));
    }

    private static EdgeReport.Logged Logged(ConnectorId connector, string message, params KeyValuePair<string, string>[] fields)
        => new(connector, new SocketId("s"), DateTimeOffset.UnixEpoch.AddDays(20_000), "warn", message, [.. fields]);

    private async Task<EdgeState> FirstAsync()
    {
        await foreach (var state in feed.FollowAsync(Cancellation))
        {
            return state;
        }

        throw new InvalidOperationException("the feed ended");
    }

    /// <summary>Waits until so many records are there: the feed stores them behind the caller's back.</summary>
    private async Task<IReadOnlyList<string>> MessagesAsync(ConnectorId connector, int count)
    {
        using var limit = new CancellationTokenSource(Deadline);
        while (true)
        {
            var messages = await store.MessagesAsync(connector);
            if (messages.Count >= count)
            {
                return messages;
            }

            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
