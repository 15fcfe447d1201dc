using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.TestKit;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Server.Edge;
using Connector.Server.Edge.Links;
using Connector.Server.Edge.Sockets;
using Connector.Server.Feed;
using Connector.Tests.Processes;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Server.Edge.Sockets;

[Trait("kind", Kinds.Actor)]
public sealed class EdgeSocketActorTests : EdgeActorKit
{
    private int lost;

    public EdgeSocketActorTests()
    {
        links.Apply(EdgeSamples.Tables(EdgeSamples.State(1, [EdgeSamples.Socket("web"), EdgeSamples.Socket("ssh")]), tickets));
    }

    [Fact]
    public async Task Client_of_a_public_socket_reaches_a_replica()
    {
        var replica = Replica("r1", "web");
        var (_, endPoint) = await StartAsync(EdgeSamples.Socket());
        using var client = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("hello", await client.EchoAsync("hello"));
        Assert.True(replica.Requests.TryDequeue(out var request));
        Assert.Equal(new SocketId("web"), request.SocketId);
        Assert.Equal(client.Address, request.Client);
        Assert.Empty(feed.All<EdgeReport.Logged>());
    }

    [Fact]
    public async Task Bytes_sent_before_the_stream_is_open_arrive_in_it()
    {
        var opened = new TaskCompletionSource<OpenAnswer>();
        var replica = Replica("r1", "web");
        var asked = new TaskCompletionSource();
        replica.Answer = _ =>
        {
            asked.SetResult();
            return opened.Task.GetAwaiter().GetResult();
        };
        var (_, endPoint) = await StartAsync(EdgeSamples.Socket());
        using var client = await EdgeClient.ConnectAsync(endPoint);
        await client.SendAsync("early");
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30));
        opened.SetResult(new OpenAnswer.Opened(new EchoStream()));
        Assert.Equal("early", await client.ReceiveAsync(5));
    }

    [Fact]
    public async Task Socket_that_is_not_public_resets_clients_and_summarizes_its_denials()
    {
        var replica = Replica("r1", "web");
        var (_, endPoint) = await StartAsync(EdgeSamples.Socket(open: false));
        for (var i = 0; i < 3; i++)
        {
            using var client = await EdgeClient.ConnectAsync(endPoint);
            Assert.Equal("reset", await client.EndAsync());
        }

        var first = await feed.FirstAsync<EdgeReport.Logged>();
        Assert.Contains("127.0.0.1", first.Message, StringComparison.Ordinal);
        Assert.Contains("not public", first.Message, StringComparison.Ordinal);
        await AwaitAssertAsync(() =>
        {
            Scheduler.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal(2, SumOfDenialSummaries());
        });
        Assert.Empty(replica.Requests);
        Assert.Equal("NotPublic", Field(first, "reason"));
    }

    [Fact]
    public async Task Public_socket_without_networks_admits_nobody()
    {
        Replica("r1", "web");
        var (_, endPoint) = await StartAsync(EdgeSamples.Socket(allowed: []));
        using var client = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("reset", await client.EndAsync());
        Assert.Equal("AddressNotAllowed", Field(await feed.FirstAsync<EdgeReport.Logged>(), "reason"));
    }

    [Fact]
    public async Task Refused_upstream_resets_the_client_and_leaves_one_record_that_names_everything()
    {
        Replica("r1", "web").Answer = _ => new OpenAnswer.Refused(RefusalCode.UpstreamRefused, "dial 10.0.0.5:5432: connection refused");
        var (_, endPoint) = await StartAsync(EdgeSamples.Socket(name: "orders-db"));
        using var client = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("reset", await client.EndAsync());
        var record = await feed.FirstAsync<EdgeReport.Logged>();
        Assert.Equal(EdgeSamples.ConnectorA, record.ConnectorId);
        Assert.Equal(new SocketId("web"), record.SocketId);
        Assert.Equal("orders-db", Field(record, "socket"));
        Assert.Equal("r1", Field(record, "replica"));
        Assert.Equal("dial 10.0.0.5:5432: connection refused", Field(record, "upstream"));
        Assert.Contains("UpstreamRefused", Field(record, "reason"), StringComparison.Ordinal);
        Assert.All(["orders-db", "r1", "10.0.0.5:5432", "UpstreamRefused"], word => Assert.Contains(word, record.Message, StringComparison.Ordinal));
        Assert.Single(feed.All<EdgeReport.Logged>());
    }

    [Fact]
    public async Task Clients_that_come_again_and_again_while_the_upstream_is_down_do_not_fill_the_log()
    {
        Replica("r1", "web").Answer = _ => new OpenAnswer.Refused(RefusalCode.UpstreamRefused, "dial 10.0.0.5:5432: connection refused");
        var (_, endPoint) = await StartAsync(EdgeSamples.Socket());
        for (var i = 0; i < 60; i++)
        {
            using var client = await EdgeClient.ConnectAsync(endPoint);
            Assert.Equal("reset", await client.EndAsync());
        }

        Assert.InRange(feed.All<EdgeReport.Logged>().Count, 1, 30);
        await AwaitAssertAsync(() =>
        {
            Scheduler.Advance(TimeSpan.FromSeconds(10));
            var records = feed.All<EdgeReport.Logged>();
            Assert.Equal(60, SumOfDenialSummaries() + records.Count(record => Field(record, "count").Length == 0));
        });
        var summary = feed.All<EdgeReport.Logged>().First(record => Field(record, "count").Length > 0);
        Assert.Contains("connection refused", summary.Message, StringComparison.Ordinal);
        Assert.Equal("r1", Field(summary, "replica"));
    }

    [Fact]
    public async Task Lost_link_is_made_good_by_another()
    {
        foreach (var name in (string[])["r1", "r2"])
        {
            Replica(name, "web").Answer = _ => Interlocked.Exchange(ref lost, 1) == 0
                ? new OpenAnswer.LinkLost("cable cut")
                : new OpenAnswer.Opened(new EchoStream());
        }

        var (_, endPoint) = await StartAsync(EdgeSamples.Socket());
        using var client = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("hello", await client.EchoAsync("hello"));
        Assert.Empty(feed.All<EdgeReport.Logged>());
    }

    [Fact]
    public async Task Lost_links_leave_one_record_after_three_tries()
    {
        var replicas = Enumerable.Range(1, 4).Select(i => Replica($"r{i}", "web")).ToArray();
        Array.ForEach(replicas, replica => replica.Answer = _ => new OpenAnswer.LinkLost("cable cut"));
        var (_, endPoint) = await StartAsync(EdgeSamples.Socket());
        using var client = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("reset", await client.EndAsync());
        Assert.Contains("cable cut", (await feed.FirstAsync<EdgeReport.Logged>()).Message, StringComparison.Ordinal);
        Assert.Single(feed.All<EdgeReport.Logged>());
        Assert.Equal(3, replicas.Sum(replica => replica.Requests.Count));
    }

    [Fact]
    public async Task Socket_without_a_replica_says_so()
    {
        var (_, endPoint) = await StartAsync(EdgeSamples.Socket());
        using var client = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("reset", await client.EndAsync());
        Assert.Contains("no replica", (await feed.FirstAsync<EdgeReport.Logged>()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_that_opens_after_the_socket_was_taken_from_its_connector_is_reset()
    {
        var stream = new EchoStream();
        var replica = Replica("r1", "web");
        replica.Answer = _ =>
        {
            links.Apply(EdgeSamples.Tables(EdgeSamples.State(2, [EdgeSamples.Socket(connectors: [EdgeSamples.ConnectorB])]), tickets));
            return new OpenAnswer.Opened(stream);
        };
        var (_, endPoint) = await StartAsync(EdgeSamples.Socket());
        using var client = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("reset", await client.EndAsync());
        Assert.Equal(ResetCode.Policy, await stream.WasReset.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("any more", (await feed.FirstAsync<EdgeReport.Logged>()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replica_that_does_not_answer_is_given_up_at_the_deadline()
    {
        var replica = Replica("r1", "web");
        replica.Answer = _ => null;
        var (_, endPoint) = await StartAsync(EdgeSamples.Socket());
        using var client = await EdgeClient.ConnectAsync(endPoint);
        await AwaitConditionAsync(() => Task.FromResult(!replica.Requests.IsEmpty), TimeSpan.FromSeconds(30));
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal("reset", await client.EndAsync());
        Assert.Contains("within 15 s", (await feed.FirstAsync<EdgeReport.Logged>()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Narrowed_networks_cut_exactly_the_streams_outside_them()
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "macOS has no 127.0.0.2 unless it is configured");
        Replica("r1", "web");
        var (actor, endPoint) = await StartAsync(EdgeSamples.Socket());
        using var stays = await EdgeClient.ConnectAsync(endPoint, "127.0.0.1");
        using var leaves = await EdgeClient.ConnectAsync(endPoint, "127.0.0.2");
        Assert.Equal("one", await stays.EchoAsync("one"));
        Assert.Equal("two", await leaves.EchoAsync("two"));
        actor.Tell(new EdgeSocketProtocol.ApplySocket(EdgeSamples.Socket(allowed: ["127.0.0.1/32"])));
        Assert.Equal("reset", await leaves.EndAsync());
        Assert.Equal("still", await stays.EchoAsync("still"));
        using var late = await EdgeClient.ConnectAsync(endPoint, "127.0.0.2");
        Assert.Equal("reset", await late.EndAsync());
        Assert.Equal("1", Field(await feed.FirstAsync<EdgeReport.Logged>(record => Field(record, "reason") == "policy"), "count"));
    }

    [Fact]
    public async Task Closed_socket_cuts_its_streams_with_the_policy_code_and_pending_clients_too()
    {
        var live = new EchoStream();
        var replica = Replica("r1", "web");
        replica.Answer = _ => new OpenAnswer.Opened(live);
        var (actor, endPoint) = await StartAsync(EdgeSamples.Socket());
        using var open = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("one", await open.EchoAsync("one"));
        replica.Answer = _ => null;
        using var waiting = await EdgeClient.ConnectAsync(endPoint);
        await AwaitConditionAsync(() => Task.FromResult(replica.Requests.Count == 2), TimeSpan.FromSeconds(30));
        actor.Tell(new EdgeSocketProtocol.ApplySocket(EdgeSamples.Socket(open: false)));
        Assert.Equal(ResetCode.Policy, await live.WasReset.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal("reset", await waiting.EndAsync());
        Assert.Equal("2", Field(await feed.FirstAsync<EdgeReport.Logged>(), "count"));
        Assert.Single(feed.All<EdgeReport.Logged>());
    }

    [Fact]
    public async Task Renamed_socket_disturbs_nothing()
    {
        Replica("r1", "web");
        var (actor, endPoint) = await StartAsync(EdgeSamples.Socket());
        using var client = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("one", await client.EchoAsync("one"));
        actor.Tell(new EdgeSocketProtocol.ApplySocket(EdgeSamples.Socket(name: "renamed")));
        Assert.Equal("two", await client.EchoAsync("two"));
        using var next = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("three", await next.EchoAsync("three"));
        Assert.Single(feed.All<EdgeReport.Listening>());
    }

    [Fact]
    public async Task Changed_port_moves_the_listener_and_live_streams_go_on()
    {
        Replica("r1", "web");
        var (actor, endPoint) = await StartAsync(EdgeSamples.Socket());
        using var client = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("one", await client.EchoAsync("one"));
        var free = FreePorts.Take();
        actor.Tell(new EdgeSocketProtocol.ApplySocket(EdgeSamples.Socket(port: free)));
        var moved = await feed.FirstAsync<EdgeReport.Listening>(report => report.EndPoint.Port == free);
        Assert.Equal("two", await client.EchoAsync("two"));
        using var next = await EdgeClient.ConnectAsync(moved.EndPoint);
        Assert.Equal("three", await next.EchoAsync("three"));
        await Assert.ThrowsAsync<SocketException>(() => EdgeClient.ConnectAsync(endPoint));
    }

    [Fact]
    public async Task Port_in_use_is_reported_once_and_taken_when_it_is_free()
    {
        var occupant = new TcpListener(IPAddress.Loopback, FreePorts.Take());
        occupant.Start();
        var port = ((IPEndPoint)occupant.LocalEndpoint).Port;
        Start(EdgeSamples.Socket(port: port));
        for (var i = 0; i < 4; i++)
        {
            await AdvanceUntilIdleAsync(TimeSpan.FromMilliseconds(200));
        }

        await AwaitAssertAsync(() =>
        {
            Scheduler.Advance(TimeSpan.FromMilliseconds(200));
            Assert.NotEmpty(feed.All<EdgeReport.ListenFailed>());
        });
        var failure = await feed.FirstAsync<EdgeReport.ListenFailed>();
        Assert.Equal(port, failure.Port);
        Assert.Contains("in use", failure.Reason, StringComparison.Ordinal);
        Assert.Contains("another port", failure.Reason, StringComparison.Ordinal);
        occupant.Stop();
        await AwaitAssertAsync(() =>
        {
            Scheduler.Advance(TimeSpan.FromSeconds(5));
            Assert.NotEmpty(feed.All<EdgeReport.Listening>());
        });
        Assert.Single(feed.All<EdgeReport.ListenFailed>());
        Assert.Equal(port, (await feed.FirstAsync<EdgeReport.Listening>()).EndPoint.Port);
    }

    [Fact]
    public async Task Port_outside_the_range_is_reported()
    {
        Start(EdgeSamples.Socket(port: 79), new EdgeLimits(), new PortRange(20000, 20099));
        Assert.Contains("20000-20099", (await feed.FirstAsync<EdgeReport.ListenFailed>()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Socket_with_all_its_connections_resets_the_next()
    {
        Replica("r1", "web");
        var (_, endPoint) = await StartAsync(EdgeSamples.Socket(), new EdgeLimits { ConnectionsPerSocket = 1 });
        using var first = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("one", await first.EchoAsync("one"));
        using var second = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("reset", await second.EndAsync());
        Assert.Equal("Full", Field(await feed.FirstAsync<EdgeReport.Logged>(), "reason"));
        Assert.Equal("two", await first.EchoAsync("two"));
    }

    [Fact]
    public async Task Pending_clients_are_bounded()
    {
        var replica = Replica("r1", "web");
        replica.Answer = _ => null;
        var (_, endPoint) = await StartAsync(EdgeSamples.Socket(), new EdgeLimits { PendingOpensPerSocket = 1 });
        using var first = await EdgeClient.ConnectAsync(endPoint);
        await AwaitConditionAsync(() => Task.FromResult(!replica.Requests.IsEmpty), TimeSpan.FromSeconds(30));
        using var second = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("reset", await second.EndAsync());
        Assert.Equal("Full", Field(await feed.FirstAsync<EdgeReport.Logged>(), "reason"));
    }

    [Fact]
    public async Task Stopped_socket_ends_its_own_clients_and_no_others()
    {
        Replica("r1", "web", "ssh");
        var (web, webEndPoint) = await StartAsync(EdgeSamples.Socket("web"));
        var (_, sshEndPoint) = await StartAsync(EdgeSamples.Socket("ssh"));
        using var one = await EdgeClient.ConnectAsync(webEndPoint);
        using var two = await EdgeClient.ConnectAsync(sshEndPoint);
        Assert.Equal("one", await one.EchoAsync("one"));
        Assert.Equal("two", await two.EchoAsync("two"));
        Watch(web);
        Sys.Stop(web);
        await ExpectTerminatedAsync(web, TimeSpan.FromSeconds(30));
        Assert.Equal("reset", await one.EndAsync());
        await Assert.ThrowsAsync<SocketException>(() => EdgeClient.ConnectAsync(webEndPoint));
        Assert.Equal("still", await two.EchoAsync("still"));
    }

    private static string Field(EdgeReport.Logged record, string name) => record.Fields.FirstOrDefault(field => field.Key == name).Value ?? "";

    private int SumOfDenialSummaries()
        => feed.All<EdgeReport.Logged>().Sum(record => int.TryParse(Field(record, "count"), out var count) ? count : 0);

    private async Task AdvanceUntilIdleAsync(TimeSpan by)
    {
        await Task.Yield();
        Scheduler.Advance(by);
    }

    private IActorRef Start(EdgeSocket socket, EdgeLimits? limits = null, PortRange? range = null)
        => Sys.ActorOf(EdgeSocketActor.Props(socket, Dependencies(limits, range)));

    private async Task<(IActorRef Actor, IPEndPoint EndPoint)> StartAsync(EdgeSocket socket, EdgeLimits? limits = null)
    {
        var actor = Start(socket, limits);
        return (actor, (await feed.FirstAsync<EdgeReport.Listening>(report => report.SocketId == socket.Id)).EndPoint);
    }
}
