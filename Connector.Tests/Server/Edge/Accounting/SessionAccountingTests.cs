using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Akka.Streams;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Relay.Frames;
using Connector.Relay.Streams;
using Connector.Server.Edge;
using Connector.Server.Feed;
using Microsoft.Extensions.Logging.Abstractions;

namespace Connector.Tests.Server.Edge.Accounting;

/// <summary>What the record of a stream says, for each way in which a stream ends, through a whole edge with a real client and a real upstream.</summary>
[Trait("kind", Kinds.Stream)]
public sealed class SessionAccountingTests : Akka.TestKit.Xunit.TestKit
{
    private const int FromClient = 70_001;
    private const int ToClient = 130_003;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly SocketId Web = new("web");

    private readonly FakeFeed feed = new();
    private readonly SigningKey key = SigningKey.Create();
    private readonly X509Certificate2 server = LaneCertificates.Create("edge");
    private readonly TcpListener upstreams = new(IPAddress.Loopback, 0);
    private readonly EdgeNode edge;
    private readonly DialledReplica replica;
    private readonly Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private Socket upstream = null!;

    public SessionAccountingTests()
        : base("akka.loglevel = WARNING")
    {
        upstreams.Start();
        edge = new EdgeNode(
            new EdgeOptions
            {
                EdgeId = new EdgeId("edge-7"),
                ServerCertificate = LaneCertificates.Context(server),
                BindAddress = IPAddress.Loopback,
                TunnelPort = 0,
                SocketPorts = null,
            },
            feed, Sys, TimeProvider.System, NullLoggerFactory.Instance);
        replica = new DialledReplica("r1", Sys.Materializer());
    }

    [Fact]
    public async Task Client_that_closes_first_ended_it_and_every_byte_is_counted()
    {
        await BeginAsync();
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await ReadAsync(upstream, 1));
        upstream.Shutdown(SocketShutdown.Send);
        await AssertEndedAsync(SessionEnder.Client, "closed");
    }

    [Fact]
    public async Task Upstream_that_closes_first_ended_it_and_every_byte_is_counted()
    {
        await BeginAsync();
        upstream.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await ReadAsync(client, 1));
        client.Shutdown(SocketShutdown.Send);
        await AssertEndedAsync(SessionEnder.Upstream, "closed");
    }

    [Fact]
    public async Task Client_that_resets_ended_it()
    {
        await BeginAsync();
        client.Close(0);
        await AssertEndedAsync(SessionEnder.Client, "connection_lost");
    }

    [Fact]
    public async Task Upstream_that_resets_ended_it()
    {
        await BeginAsync();
        upstream.Close(0);
        await AssertEndedAsync(SessionEnder.Upstream, "connection_lost");
    }

    [Theory]
    [InlineData(ResetCode.IdleTimeout, SessionEnder.Limit, "idle_timeout")]
    [InlineData(ResetCode.MaximumAge, SessionEnder.Limit, "maximum_age")]
    [InlineData(ResetCode.Policy, SessionEnder.Replica, "policy")]
    public async Task Replica_that_resets_says_why(ResetCode code, SessionEnder ender, string word)
    {
        await BeginAsync();
        Assert.True(replica.Streams.TryPeek(out var stream));
        stream.Reset(code);
        await AssertEndedAsync(ender, word);
    }

    [Fact]
    public async Task Narrowed_networks_are_policy()
    {
        await BeginAsync();
        feed.Push(State(2, EdgeSamples.Socket("web", allowed: ["192.0.2.0/24"])));
        await AssertEndedAsync(SessionEnder.Policy, "policy");
    }

    [Fact]
    public async Task Deleted_socket_is_policy()
    {
        await BeginAsync();
        feed.Push(State(2));
        await AssertEndedAsync(SessionEnder.Policy, "policy");
    }

    [Fact]
    public async Task Socket_given_to_another_connector_is_policy()
    {
        await BeginAsync();
        feed.Push(State(2, EdgeSamples.Socket("web", connectors: [EdgeSamples.ConnectorB])));
        await AssertEndedAsync(SessionEnder.Policy, "policy");
    }

    [Fact]
    public async Task Revoked_ticket_is_policy()
    {
        await BeginAsync();
        feed.Push(State(2, EdgeSamples.Socket("web")) with { RevokedTickets = ["ticket-r1"] });
        await AssertEndedAsync(SessionEnder.Policy, "policy");
    }

    [Fact]
    public async Task Lost_link_ended_it()
    {
        await BeginAsync();
        await replica.DisposeAsync();
        await AssertEndedAsync(SessionEnder.Link, "link_lost");
    }

    [Fact]
    public async Task Edge_that_stops_ended_it()
    {
        await BeginAsync();
        await edge.StopAsync(CancellationToken.None);
        await AssertEndedAsync(SessionEnder.Edge, "stopped");
    }

    [Fact]
    public async Task Client_that_gets_no_stream_has_no_session()
    {
        upstreams.Stop();
        using var refused = await EdgeClient.ConnectAsync(await ListenAsync());
        Assert.Equal("reset", await refused.EndAsync());
        await feed.FirstAsync<EdgeReport.Logged>();
        Assert.Empty(feed.All<EdgeReport.SessionBegan>());
        Assert.Empty(feed.All<EdgeReport.SessionEnded>());
    }

    public override async ValueTask DisposeAsync()
    {
        await replica.DisposeAsync();
        await edge.DisposeAsync();
        client.Dispose();
        upstream?.Dispose();
        upstreams.Dispose();
        server.Dispose();
        key.Dispose();
        await base.DisposeAsync();
    }

    private static async Task<int> ReadAsync(Socket from, int bytes)
    {
        using var patience = new CancellationTokenSource(Patience);
        var buffer = new byte[bytes];
        var got = 0;
        while (got < bytes && await from.ReceiveAsync(buffer.AsMemory(got), patience.Token) is > 0 and var read)
        {
            got += read;
        }

        return got;
    }

    private static async Task WriteAsync(Socket to, int bytes)
    {
        var buffer = new byte[bytes];
        for (var sent = 0; sent < bytes;)
        {
            sent += await to.SendAsync(buffer.AsMemory(sent));
        }
    }

    private EdgeState State(long version, params EdgeSocket[] sockets)
        => EdgeSamples.State(version, sockets) with { TicketKeys = [key.PublicKey] };

    private async Task<IPEndPoint> ListenAsync()
    {
        await edge.StartAsync(CancellationToken.None);
        feed.Push(State(1, EdgeSamples.Socket("web", name: "orders")));
        var listening = await feed.FirstAsync<EdgeReport.Listening>();
        var ticket = new TokenIssuer(key).IssueTicket(replica.Claims("ticket-r1", EdgeSamples.ConnectorA));
        await replica.DialAsync(edge.TunnelEndPoint, server, ticket);
        Assert.Equal(ServeCode.Accepted, await replica.ServeAsync(Web, (IPEndPoint)upstreams.LocalEndpoint));
        return listening.EndPoint;
    }

    /// <summary>A stream over which all bytes that the test sends have arrived at both ends.</summary>
    private async Task BeginAsync()
    {
        var endPoint = await ListenAsync();
        var accepted = upstreams.AcceptSocketAsync();
        await client.ConnectAsync(endPoint);
        upstream = await accepted.WaitAsync(Patience);
        var writing = Task.WhenAll(WriteAsync(client, FromClient), WriteAsync(upstream, ToClient));
        var read = await Task.WhenAll(ReadAsync(upstream, FromClient), ReadAsync(client, ToClient));
        await writing;
        Assert.Equal([FromClient, ToClient], read);

        // What the client has may not have come back to the stage's account yet.
        Assert.True(replica.Streams.TryPeek(out var stream));
        await Eventually.IsTrue(() => stream.BytesSent == ToClient, "the replica has sent it all");
    }

    private async Task AssertEndedAsync(SessionEnder ender, string code)
    {
        var (session, ending) = await feed.FirstAsync<EdgeReport.SessionEnded>();
        Assert.Equal((ender, code, FromClient, ToClient), (ending.EndedBy, ending.Code, ending.BytesFromClient, ending.BytesToClient));
        Assert.Equal(
            (Web, "orders", EdgeSamples.ConnectorA, new ReplicaId("r1"), new EdgeId("edge-7")),
            (session.SocketId, session.SocketName, session.ConnectorId, session.ReplicaId, session.EdgeId));
        Assert.Equal(IPAddress.Loopback, session.Client.Address);
        Assert.InRange(ending.EndedAt, session.StartedAt, DateTimeOffset.UtcNow);
        Assert.InRange(ending.Duration, TimeSpan.FromTicks(1), Patience);
        Assert.NotEmpty(ending.Reason);
        Assert.Equal(session, Assert.Single(feed.All<EdgeReport.SessionBegan>()).Session);
        Assert.Single(feed.All<EdgeReport.SessionEnded>());
    }
}
