using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Streams;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Server.Edge;
using Connector.Server.Feed;
using Connector.Tests.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Connector.Tests.Server.Edge;

/// <summary>The whole edge with real tickets, TLS lanes, the relay and an echoing upstream.</summary>
[Trait("kind", Kinds.Stream)]
public sealed class EdgeNodeTests : Akka.TestKit.Xunit.TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly SocketId Web = new("web");
    private static readonly SocketId Ssh = new("ssh");

    private readonly FakeFeed feed = new();
    private readonly SigningKey key = SigningKey.Create();
    private readonly X509Certificate2 server = LaneCertificates.Create("edge");
    private readonly EchoServer echo = new();
    private readonly List<DialledReplica> replicas = [];
    private readonly EdgeNode edge;

    public EdgeNodeTests()
        : base("akka.loglevel = WARNING")
    {
        var options = new EdgeOptions
        {
            EdgeId = new EdgeId("edge"),
            ServerCertificate = LaneCertificates.Context(server),
            BindAddress = IPAddress.Loopback,
            TunnelPort = 0,
            SocketPorts = null,
        };
        edge = new EdgeNode(options, feed, Sys, TimeProvider.System, NullLoggerFactory.Instance);
    }

    [Fact]
    public async Task Client_talks_to_an_upstream_through_the_tunnel()
    {
        var endPoint = await StartAsync(State(1, EdgeSamples.Socket("web")), "web");
        await ReplicaAsync("r1", Web);
        using var client = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("hello", await client.EchoAsync("hello"));
        Assert.Empty(feed.All<EdgeReport.Logged>());
    }

    [Fact]
    public async Task Megabytes_and_half_close_come_through_unchanged()
    {
        var endPoint = await StartAsync(State(1, EdgeSamples.Socket("web")), "web");
        await ReplicaAsync("r1", Web);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, endPoint.Port);
        var sent = RandomNumberGenerator.GetBytes(8 << 20);
        var stream = client.GetStream();
        var sending = Task.Run(async () =>
        {
            await stream.WriteAsync(sent);
            client.Client.Shutdown(SocketShutdown.Send);
        });
        using var received = new MemoryStream();
        await stream.CopyToAsync(received).WaitAsync(Patience);
        await sending;
        Assert.Equal(SHA256.HashData(sent), SHA256.HashData(received.ToArray()));
    }

    [Fact]
    public async Task Refused_upstream_is_one_reset_and_one_record()
    {
        var nowhere = new IPEndPoint(IPAddress.Loopback, FreePorts.Take());
        var endPoint = await StartAsync(State(1, EdgeSamples.Socket("web")), "web");
        await ReplicaAsync("r1", Web, nowhere);
        using var client = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("reset", await client.EndAsync());
        var record = await feed.FirstAsync<EdgeReport.Logged>();
        Assert.All(["web", "r1", nowhere.ToString(), "UpstreamRefused"], word => Assert.Contains(word, record.Message, StringComparison.Ordinal));
        Assert.Single(feed.All<EdgeReport.Logged>());
    }

    [Fact]
    public async Task Deleted_socket_is_cut_and_the_other_goes_on()
    {
        var web = await StartAsync(State(1, EdgeSamples.Socket("web"), EdgeSamples.Socket("ssh")), "web");
        var ssh = (await feed.FirstAsync<EdgeReport.Listening>(report => report.SocketId == Ssh)).EndPoint;
        var replica = await ReplicaAsync("r1", Web);
        Assert.Equal(ServeCode.Accepted, await replica.ServeAsync(Ssh, echo.EndPoint));
        using var one = await EdgeClient.ConnectAsync(web);
        using var two = await EdgeClient.ConnectAsync(ssh);
        Assert.Equal("one", await one.EchoAsync("one"));
        Assert.Equal("two", await two.EchoAsync("two"));
        feed.Push(State(2, EdgeSamples.Socket("ssh")));
        Assert.NotEqual("data", await one.EndAsync());
        Assert.Equal("still", await two.EchoAsync("still"));
        await Eventually.IsTrue(() => replica.Link.LiveStreams == 1, "the replica has one stream left");
    }

    [Fact]
    public async Task Narrowed_networks_reset_the_live_stream_at_both_ends()
    {
        var endPoint = await StartAsync(State(1, EdgeSamples.Socket("web")), "web");
        var replica = await ReplicaAsync("r1", Web);
        using var client = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("one", await client.EchoAsync("one"));
        feed.Push(State(2, EdgeSamples.Socket("web", allowed: ["192.0.2.0/24"])));
        Assert.NotEqual("data", await client.EndAsync());
        await Eventually.IsTrue(() => replica.Link.LiveStreams == 0, "the replica's stream has ended");
    }

    [Fact]
    public async Task Revoked_ticket_ends_the_link_and_is_not_taken_again()
    {
        var endPoint = await StartAsync(State(1, EdgeSamples.Socket("web")), "web");
        var replica = await ReplicaAsync("r1", Web);
        using var client = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("one", await client.EchoAsync("one"));
        feed.Push(State(2, EdgeSamples.Socket("web")) with { RevokedTickets = ["ticket-r1"] });
        Assert.Equal(GoAwayReason.Revoked, await replica.SentAway.Task.WaitAsync(Patience));
        Assert.NotEqual("data", await client.EndAsync());
        await using var again = new DialledReplica("r1", Sys.Materializer());
        var rejection = await Assert.ThrowsAsync<LaneRejectedException>(
            () => again.DialAsync(edge.TunnelEndPoint, server, Ticket(again, "ticket-r1")));
        Assert.Equal(RejectCode.Ticket, rejection.Code);
        Assert.Contains("revoked", rejection.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ticket_of_an_unknown_key_is_refused()
    {
        await StartAsync(State(1, EdgeSamples.Socket("web")), "web");
        await using var replica = new DialledReplica("r1", Sys.Materializer());
        using var otherKey = SigningKey.Create();
        var forged = new TokenIssuer(otherKey).IssueTicket(replica.Claims("t", EdgeSamples.ConnectorA));
        var rejection = await Assert.ThrowsAsync<LaneRejectedException>(() => replica.DialAsync(edge.TunnelEndPoint, server, forged));
        Assert.Equal(RejectCode.Ticket, rejection.Code);
    }

    [Fact]
    public async Task Rotated_ticket_key_ends_links_of_the_old_one()
    {
        await StartAsync(State(1, EdgeSamples.Socket("web")), "web");
        var replica = await ReplicaAsync("r1", Web);
        using var otherKey = SigningKey.Create();
        feed.Push(State(2, EdgeSamples.Socket("web")) with { TicketKeys = [key.PublicKey, otherKey.PublicKey] });
        feed.Push(State(3, EdgeSamples.Socket("web"), EdgeSamples.Socket("ssh")) with { TicketKeys = [key.PublicKey, otherKey.PublicKey] });
        await feed.FirstAsync<EdgeReport.Listening>(report => report.SocketId == Ssh);
        Assert.False(replica.SentAway.Task.IsCompleted);
        feed.Push(State(4, EdgeSamples.Socket("web")) with { TicketKeys = [otherKey.PublicKey] });
        Assert.Equal(GoAwayReason.Revoked, await replica.SentAway.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task Socket_of_another_connector_may_not_be_served()
    {
        await StartAsync(State(1, EdgeSamples.Socket("web"), EdgeSamples.Socket("ssh", connectors: [EdgeSamples.ConnectorB])), "web");
        var replica = await ReplicaAsync("r1", Web);
        Assert.Equal(ServeCode.Forbidden, await replica.ServeAsync(Ssh, echo.EndPoint));
        Assert.Equal(ServeCode.Unknown, await replica.ServeAsync(new SocketId("nothing"), echo.EndPoint));
    }

    [Fact]
    public async Task Draining_replica_gets_nothing_new_and_its_streams_go_on()
    {
        var endPoint = await StartAsync(State(1, EdgeSamples.Socket("web")), "web");
        var leaves = await ReplicaAsync("r1", Web);
        using var old = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("one", await old.EchoAsync("one"));
        var stays = await ReplicaAsync("r2", Web);
        leaves.Link.Drain(TimeSpan.FromSeconds(30));
        await leaves.DrainAnswer.Task.WaitAsync(Patience);
        for (var i = 0; i < 5; i++)
        {
            using var client = await EdgeClient.ConnectAsync(endPoint);
            Assert.Equal("two", await client.EchoAsync("two"));
        }

        Assert.Equal((1, 5), (leaves.Offers, stays.Offers));
        Assert.Equal("still", await old.EchoAsync("still"));
        var report = await feed.FirstAsync<EdgeReport.LinksChanged>(changed => changed.Replicas.Any(replica => replica.Draining));
        Assert.Equal(new ReplicaId("r1"), report.Replicas.Single(replica => replica.Draining).ReplicaId);
    }

    [Fact]
    public async Task Lost_replica_is_replaced_by_the_other_for_new_clients()
    {
        var endPoint = await StartAsync(State(1, EdgeSamples.Socket("web")), "web");
        var dies = await ReplicaAsync("r1", Web);
        await ReplicaAsync("r2", Web);
        await dies.DisposeAsync();
        replicas.Remove(dies);
        for (var i = 0; i < 10; i++)
        {
            using var client = await EdgeClient.ConnectAsync(endPoint);
            Assert.Equal("two", await client.EchoAsync("two"));
        }

        Assert.Empty(feed.All<EdgeReport.Logged>());
    }

    [Fact]
    public async Task One_of_three_replicas_dies_under_load_and_no_new_client_notices()
    {
        var endPoint = await StartAsync(State(1, EdgeSamples.Socket("web")), "web");
        DialledReplica[] all = [await ReplicaAsync("r1", Web), await ReplicaAsync("r2", Web), await ReplicaAsync("r3", Web)];
        await using var load = new OpenLoad(endPoint, 16);
        await load.ReachedAsync(300);
        Assert.All(all, replica => Assert.NotEqual(0, replica.Offers));

        all[0].Kill();
        load.MarkKill();
        await load.ReachedAsync(600);

        Assert.Empty(await load.FailedAfterKillAsync());
        Assert.Empty(feed.All<EdgeReport.Logged>());
    }

    [Fact]
    public async Task All_replicas_of_one_connector_die_and_another_connector_of_the_socket_serves_on()
    {
        var endPoint = await StartAsync(State(1, EdgeSamples.Socket("web", connectors: [EdgeSamples.ConnectorA, EdgeSamples.ConnectorB])), "web");
        DialledReplica[] dying = [await ReplicaAsync("a1", Web), await ReplicaAsync("a2", Web), await ReplicaAsync("a3", Web)];
        var staying = await ReplicaAsync("b1", Web, connector: EdgeSamples.ConnectorB);
        await using var load = new OpenLoad(endPoint, 16);
        await load.ReachedAsync(200);
        Assert.NotEqual(0, staying.Offers);

        foreach (var replica in dying)
        {
            replica.Kill();
        }

        load.MarkKill();
        await load.ReachedAsync(600);

        Assert.Empty(await load.FailedAfterKillAsync());
        Assert.Empty(feed.All<EdgeReport.Logged>());
    }

    [Fact]
    public async Task Replica_that_does_not_reach_its_upstream_costs_no_client_anything()
    {
        var nowhere = new IPEndPoint(IPAddress.Loopback, FreePorts.Take());
        var endPoint = await StartAsync(State(1, EdgeSamples.Socket("web")), "web");
        var cutOff = await ReplicaAsync("r1", Web, nowhere);
        await ReplicaAsync("r2", Web);

        // On a busy machine its first answer may be that it slept, which is remembered for a while.
        for (var i = 0; i < 40 || (cutOff.Offers == 0 && i < 10_000); i++)
        {
            using var client = await EdgeClient.ConnectAsync(endPoint);
            Assert.Equal("echo", await client.EchoAsync("echo"));
        }

        Assert.InRange(cutOff.Offers, 1, 5);
        Assert.Empty(feed.All<EdgeReport.Logged>());
    }

    [Fact]
    public async Task Stopped_edge_gives_back_every_buffer_and_its_ports()
    {
        var endPoint = await StartAsync(State(1, EdgeSamples.Socket("web")), "web");
        await ReplicaAsync("r1", Web);
        using var client = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("one", await client.EchoAsync("one"));
        await edge.StopAsync(CancellationToken.None);
        Assert.NotEqual("data", await client.EndAsync());
        await Eventually.IsTrue(() => edge.Memory.OutstandingBuffers == 0, "all buffers are back");
        await Assert.ThrowsAsync<SocketException>(() => EdgeClient.ConnectAsync(endPoint));
        await Assert.ThrowsAsync<SocketException>(() => LaneDialer.ConnectAsync(edge.TunnelEndPoint));
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var replica in replicas)
        {
            await replica.DisposeAsync();
        }

        await edge.DisposeAsync();
        echo.Dispose();
        key.Dispose();
        await base.DisposeAsync();
    }

    private EdgeState State(long version, params EdgeSocket[] sockets)
        => EdgeSamples.State(version, sockets) with { TicketKeys = [key.PublicKey] };

    private string Ticket(DialledReplica replica, string ticketId, ConnectorId? connector = null)
        => new TokenIssuer(key).IssueTicket(replica.Claims(ticketId, connector ?? EdgeSamples.ConnectorA));

    private async Task<IPEndPoint> StartAsync(EdgeState state, string socket)
    {
        await edge.StartAsync(CancellationToken.None);
        feed.Push(state);
        return (await feed.FirstAsync<EdgeReport.Listening>(report => report.SocketId.Value == socket)).EndPoint;
    }

    private async Task<DialledReplica> ReplicaAsync(string name, SocketId serves, IPEndPoint? upstream = null, ConnectorId? connector = null)
    {
        var replica = new DialledReplica(name, Sys.Materializer());
        replicas.Add(replica);
        await replica.DialAsync(edge.TunnelEndPoint, server, Ticket(replica, $"ticket-{name}", connector));
        Assert.Equal(ServeCode.Accepted, await replica.ServeAsync(serves, upstream ?? echo.EndPoint));
        return replica;
    }
}
