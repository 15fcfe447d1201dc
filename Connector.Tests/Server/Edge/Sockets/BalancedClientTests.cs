using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.Actor;
using Akka.TestKit;
using Connector.Protocol.Ids;
using Connector.Relay.ProxyProtocol;
using Connector.Server.Edge;
using Connector.Server.Edge.Links;
using Connector.Server.Edge.Sockets;
using Connector.Server.Feed;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Server.Edge.Sockets;

/// <summary>An edge behind a load balancer that speaks the PROXY protocol: the balancer is 127.0.0.1.</summary>
[Trait("kind", Kinds.Actor)]
public sealed class BalancedClientTests : EdgeActorKit
{
    private static readonly IPEndPoint User = IPEndPoint.Parse("203.0.113.7:40000");
    private static readonly IPEndPoint Front = IPEndPoint.Parse("198.51.100.1:443");
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly FakeRelayLink replica;

    public BalancedClientTests()
    {
        links.Apply(EdgeSamples.Tables(EdgeSamples.State(1, [Socket()]), tickets));
        replica = Replica("r1", "web");
    }

    [Theory]
    [InlineData("203.0.113.7:40000", "203.0.113.0/24")]
    [InlineData("[2001:db8::7]:40000", "2001:db8::/32")]
    [InlineData("[::ffff:203.0.113.7]:40000", "203.0.113.0/24")]
    public async Task Client_named_by_the_balancer_is_judged_and_passed_on(string user, string allowed)
    {
        var (_, endPoint) = await StartAsync(Socket(allowed));
        using var client = await EdgeClient.ConnectAsync(endPoint);
        await client.SendAsync(Latin(Header(IPEndPoint.Parse(user))));
        Assert.Equal("hello", await client.EchoAsync("hello"));
        Assert.True(replica.Requests.TryDequeue(out var request));
        var expected = IPEndPoint.Parse(user);
        Assert.Equal(new IPEndPoint(expected.Address.IsIPv4MappedToIPv6 ? expected.Address.MapToIPv4() : expected.Address, expected.Port), request.Client);
        Assert.Empty(feed.All<EdgeReport.Logged>());
    }

    [Fact]
    public async Task Header_in_single_bytes_with_the_clients_own_behind_it_loses_none_of_them()
    {
        var (_, endPoint) = await StartAsync(Socket());
        using var client = await EdgeClient.ConnectAsync(endPoint);
        byte[] header = [.. Header(User), .. "early"u8];
        foreach (var b in header)
        {
            await client.SendAsync(Latin([b]));
            await Task.Yield();
        }

        Assert.Equal("early", await client.ReceiveAsync(5));
    }

    [Fact]
    public async Task Named_client_that_is_not_allowed_is_denied_by_its_own_address()
    {
        var (_, endPoint) = await StartAsync(Socket(allowed: "127.0.0.0/8"));
        using var client = await EdgeClient.ConnectAsync(endPoint);
        await client.SendAsync(Latin(Header(User)));
        Assert.Equal("reset", await client.EndAsync());
        var record = await feed.FirstAsync<EdgeReport.Logged>();
        Assert.Contains("203.0.113.7", record.Message, StringComparison.Ordinal);
        Assert.Equal("AddressNotAllowed", Field(record, "reason"));
        Assert.Empty(replica.Requests);
    }

    [Fact]
    public async Task Header_of_somebody_who_is_no_balancer_is_data()
    {
        Assert.SkipWhen(OperatingSystem.IsMacOS(), "macOS has no 127.0.0.2 unless it is configured");
        var (_, endPoint) = await StartAsync(Socket("127.0.0.0/8"));
        using var client = await EdgeClient.ConnectAsync(endPoint, "127.0.0.2");
        var header = Latin(Header(User));
        await client.SendAsync(header);
        Assert.Equal(header.Length, (await client.ReceiveAsync(header.Length)).Length);
        Assert.True(replica.Requests.TryDequeue(out var request));
        Assert.Equal(client.Address, request.Client);
    }

    [Fact]
    public async Task Health_check_of_the_balancer_ends_quietly_without_a_stream()
    {
        var (_, endPoint) = await StartAsync(Socket());
        using var local = await EdgeClient.ConnectAsync(endPoint);
        await local.SendAsync(Latin([.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x20, 0x00, 0, 0]));
        Assert.Equal("closed", await local.EndAsync());

        // One that says nothing at all is a check as well.
        using (var port = await EdgeClient.ConnectAsync(endPoint))
        {
        }

        using var client = await EdgeClient.ConnectAsync(endPoint);
        await client.SendAsync(Latin(Header(User)));
        Assert.Equal("hello", await client.EchoAsync("hello"));
        Assert.Single(replica.Requests);
        Assert.Empty(feed.All<EdgeReport.Logged>());
    }

    public static TheoryData<string, string> Wrong => new()
    {
        { "GET / HTTP/1.1\r\n\r\n", "GET / " },
        { "PROXY TCP4 203.0.113.7 198.51.100.1 40000 443\r\n", "version 1" },
        { "hi", "\"hi\"" },
        { Latin([.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, 0x11, 0xff, 0xff]), "65551 bytes" },
        { Latin([.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, 0x11, 0, 4, 1, 2, 3, 4]), "too few" },
        { Latin([.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x21, 0x00, 0, 0]), "does not name the client" },
        { Latin([.. "\r\n\r\n\0\r\nQUIT\n"u8, 0x31, 0x11, 0, 12]), "0x31" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task Connection_without_a_good_header_is_reset_and_recorded_with_what_came(string sent, string says)
    {
        var (_, endPoint) = await StartAsync(Socket());
        using var client = await EdgeClient.ConnectAsync(endPoint);
        await client.SendAsync(sent);
        Assert.Equal("reset", await client.EndAsync());
        var record = await feed.FirstAsync<EdgeReport.Logged>();
        Assert.Contains(says, record.Message, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1", record.Message, StringComparison.Ordinal);
        Assert.Equal("BadProxyHeader", Field(record, "reason"));
        Assert.Single(feed.All<EdgeReport.Logged>());
        Assert.Empty(replica.Requests);
    }

    [Fact]
    public async Task Connection_without_a_good_header_is_counted()
    {
        var counted = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == "connector.edge.clients.denied")
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };

        // Nobody else makes this one.
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => counted += tags[0].Value is "bad_proxy_header" ? 1 : 0);
        listener.Start();
        var (_, endPoint) = await StartAsync(Socket());
        using var client = await EdgeClient.ConnectAsync(endPoint);
        await client.SendAsync("hi");
        Assert.Equal("reset", await client.EndAsync());
        await feed.FirstAsync<EdgeReport.Logged>();
        Assert.Equal(1, counted);
    }

    [Fact]
    public async Task Connection_that_ends_within_its_header_is_recorded()
    {
        var (_, endPoint) = await StartAsync(Socket());
        using (var client = await EdgeClient.ConnectAsync(endPoint))
        {
            await client.SendAsync(Latin(Header(User)[..20]));
        }

        Assert.Contains("after 20 bytes", (await feed.FirstAsync<EdgeReport.Logged>()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Header_that_does_not_come_in_time_is_recorded()
    {
        var (_, endPoint) = await StartAsync(Socket());
        using var client = await EdgeClient.ConnectAsync(endPoint);
        await client.SendAsync(Latin(Header(User)[..15]));
        await AwaitAssertAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.NotEmpty(feed.All<EdgeReport.Logged>());
        });
        Assert.Contains("within 5 s", feed.All<EdgeReport.Logged>()[0].Message, StringComparison.Ordinal);
        Assert.Equal("reset", await client.EndAsync());
    }

    [Fact]
    public async Task Connections_that_owe_their_header_are_bounded_and_give_their_places_back()
    {
        var (_, endPoint) = await StartAsync(Socket(), new EdgeLimits { PendingOpensPerSocket = 1 });
        using var owes = await EdgeClient.ConnectAsync(endPoint);
        using var second = await EdgeClient.ConnectAsync(endPoint);
        Assert.Equal("reset", await second.EndAsync());
        Assert.Equal("Full", Field(await feed.FirstAsync<EdgeReport.Logged>(), "reason"));
        await owes.SendAsync("x");
        Assert.Equal("reset", await owes.EndAsync());
        var served = await Eventually.SucceedsAsync(
            async () =>
            {
                using var third = await EdgeClient.ConnectAsync(endPoint);
                await third.SendAsync(Latin(Header(User)));
                return await third.EchoAsync("hello");
            },
            "the place is free",
            TestContext.Current.CancellationToken);
        Assert.Equal("hello", served);
    }

    [Fact]
    public async Task Narrowed_networks_cut_by_the_named_address_and_spare_who_is_not_named_yet()
    {
        var (actor, endPoint) = await StartAsync(Socket("203.0.113.0/24"));
        using var stays = await EdgeClient.ConnectAsync(endPoint);
        await stays.SendAsync(Latin(Header(User)));
        Assert.Equal("one", await stays.EchoAsync("one"));
        using var leaves = await EdgeClient.ConnectAsync(endPoint);
        await leaves.SendAsync(Latin(Header(IPEndPoint.Parse("203.0.113.8:1"))));
        Assert.Equal("two", await leaves.EchoAsync("two"));
        using var waits = await EdgeClient.ConnectAsync(endPoint);
        await waits.SendAsync(Latin(Header(User)[..10]));
        actor.Tell(new EdgeSocketProtocol.ApplySocket(Socket("203.0.113.7/32")));
        Assert.Equal("reset", await leaves.EndAsync());
        await waits.SendAsync(Latin(Header(User)[10..]));
        Assert.Equal("three", await waits.EchoAsync("three"));
        Assert.Equal("still", await stays.EchoAsync("still"));
    }

    [Fact]
    public async Task Stopped_socket_ends_who_is_not_named_yet()
    {
        var (actor, endPoint) = await StartAsync(Socket());
        using var waits = await EdgeClient.ConnectAsync(endPoint);
        await waits.SendAsync(Latin(Header(User)[..10]));
        Watch(actor);
        Sys.Stop(actor);
        await ExpectTerminatedAsync(actor, Long);
        Assert.NotEqual("data", await waits.EndAsync());
        Assert.Empty(feed.All<EdgeReport.Logged>());
    }

    private static EdgeSocket Socket(string allowed = "203.0.113.0/24")
        => EdgeSamples.Socket(allowed: [allowed]) with { ProxyProtocolFrom = [IPNetwork.Parse("127.0.0.1/32")] };

    private static byte[] Header(IPEndPoint user)
    {
        var header = new byte[ProxyHeaderCodec.MaxWritten];
        return header[..ProxyHeaderCodec.Write(header, user, Front)];
    }

    private static string Latin(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    private static string Field(EdgeReport.Logged record, string name) => record.Fields.FirstOrDefault(field => field.Key == name).Value ?? "";

    private async Task<(IActorRef Actor, IPEndPoint EndPoint)> StartAsync(EdgeSocket socket, EdgeLimits? limits = null)
    {
        var actor = Sys.ActorOf(EdgeSocketActor.Props(socket, Dependencies(limits)));
        return (actor, (await feed.FirstAsync<EdgeReport.Listening>(report => report.SocketId == socket.Id)).EndPoint);
    }
}
