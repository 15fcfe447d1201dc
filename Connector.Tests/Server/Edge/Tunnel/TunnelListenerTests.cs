using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Server.Edge;
using Connector.Server.Edge.Links;
using Connector.Server.Edge.Tunnel;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Server.Edge.Tunnel;

[Trait("kind", Kinds.Stream)]
public sealed class TunnelListenerTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly FakeTimeProvider time = new(EdgeSamples.Now);
    private readonly X509Certificate2 server = LaneCertificates.Create("edge");
    private readonly X509Certificate2 replica = LaneCertificates.Create("replica");
    private readonly KnownTickets tickets = new();
    private readonly List<TunnelListener> listeners = [];
    private readonly List<FakeRelayLink> made = [];
    private readonly LinkTable links;

    public TunnelListenerTests()
    {
        links = new LinkTable(new EdgeLimits(), time, (_, _, _) =>
        {
            made.Add(new FakeRelayLink());
            return made[^1];
        });
        tickets
            .With("good", EdgeSamples.Claims(key: KeyThumbprint.Of(replica)))
            .With("expired", EdgeSamples.Claims(key: KeyThumbprint.Of(replica), expires: EdgeSamples.Now.AddHours(-1)))
            .With("foreign", EdgeSamples.Claims())
            .With("revoked", EdgeSamples.Claims("gone", key: KeyThumbprint.Of(replica)))
            .With("deleted", EdgeSamples.Claims(connector: EdgeSamples.ConnectorB, key: KeyThumbprint.Of(replica)));
        links.Apply(EdgeSamples.Tables(
            EdgeSamples.State(1, [EdgeSamples.Socket()], revoked: ["gone"], connectors: [EdgeSamples.ConnectorA]), tickets));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var listener in listeners)
        {
            await listener.DisposeAsync();
        }
    }

    [Fact]
    public async Task Good_lanes_make_one_link()
    {
        var endPoint = Start();
        var hello = EdgeSamples.Hello("good");
        var first = await WelcomeAsync(endPoint, hello);
        var second = await WelcomeAsync(endPoint, hello with { LaneNumber = 2 });
        Assert.Equal((new EdgeId("edge"), false, (byte)1, 8), (first.EdgeId, first.KnownLink, first.Version, first.MaxLanes));
        Assert.True(second.KnownLink);
        await Eventually.IsTrue(() => links.Describe(EdgeSamples.ConnectorA) is [{ Lanes: 2 }], "the link has two lanes");
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: edge\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.9\r\n")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")]
    [InlineData("\u0016\u0003\u0001\u007f\u007fgarbage that begins like a ClientHello")]
    public async Task Garbage_is_cut_off_and_lanes_are_served_on(string garbage)
    {
        var endPoint = Start();
        await using var stranger = await LaneDialer.ConnectAsync(endPoint);
        await stranger.WriteAsync(Encoding.Latin1.GetBytes(garbage));
        stranger.Socket.Shutdown(SocketShutdown.Send);
        await LaneDialer.DrainAsync(stranger).WaitAsync(Patience);
        await WelcomeAsync(endPoint, EdgeSamples.Hello("good"));
    }

    [Fact]
    public async Task Tls_without_alpn_is_closed_without_a_word()
    {
        await using var tls = await LaneDialer.SecureAsync(await LaneDialer.ConnectAsync(Start()), replica, server, protocol: null);
        Assert.Equal(0, await ReadAsync(tls));
        Assert.Equal(0, links.Count);
    }

    [Fact]
    public async Task Tls_for_another_protocol_fails()
        => await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var tls = await LaneDialer.SecureAsync(await LaneDialer.ConnectAsync(Start()), replica, server, "h2");
            await LaneHandshake.DialAsync(tls, EdgeSamples.Hello("good"), CancellationToken.None);
        });

    [Fact]
    public async Task Replica_without_a_certificate_gets_no_lane()
    {
        var endPoint = Start();
        var failure = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var tls = await LaneDialer.DialAsync(endPoint, certificate: null, server);
            await LaneHandshake.DialAsync(tls, EdgeSamples.Hello("good"), CancellationToken.None);
        });
        Assert.True(failure is AuthenticationException or IOException or LaneProtocolException, failure.ToString());
        Assert.Equal(0, links.Count);
    }

    [Theory]
    [InlineData("nonsense", RejectCode.Ticket, "signature")]
    [InlineData("expired", RejectCode.Ticket, "expired")]
    [InlineData("revoked", RejectCode.Ticket, "revoked")]
    [InlineData("deleted", RejectCode.Ticket, "deleted")]
    [InlineData("foreign", RejectCode.KeyMismatch, "another replica's key")]
    public async Task Ticket_that_is_not_good_is_refused_by_name(string ticket, RejectCode code, string words)
    {
        var rejection = await RejectionAsync(Start(), EdgeSamples.Hello(ticket));
        Assert.Equal(code, rejection.Code);
        Assert.Contains(words, rejection.Text, StringComparison.Ordinal);
        Assert.Equal(0, links.Count);
    }

    [Fact]
    public async Task Known_link_id_with_another_boot_id_is_refused_and_the_link_lives()
    {
        var endPoint = Start();
        var hello = EdgeSamples.Hello("good");
        await WelcomeAsync(endPoint, hello);
        Assert.Equal(RejectCode.LinkMismatch, (await RejectionAsync(endPoint, hello with { BootId = BootId.New(), LaneNumber = 2 })).Code);
        Assert.True((await WelcomeAsync(endPoint, hello with { LaneNumber = 3 })).KnownLink);
    }

    [Fact]
    public async Task Known_link_id_with_another_key_is_refused_and_the_link_lives()
    {
        var endPoint = Start();
        var hello = EdgeSamples.Hello("good");
        await WelcomeAsync(endPoint, hello);
        using var other = LaneCertificates.Create("other");
        tickets.With("other", EdgeSamples.Claims("t2", replica: "r2", key: KeyThumbprint.Of(other)));
        await using var tls = await LaneDialer.DialAsync(endPoint, other, server);
        var rejection = await Assert.ThrowsAsync<LaneRejectedException>(() => LaneHandshake.DialAsync(
            tls, hello with { Ticket = "other", ReplicaId = new ReplicaId("r2"), LaneNumber = 2 }, CancellationToken.None));
        Assert.Equal(RejectCode.LinkMismatch, rejection.Code);
        Assert.True((await WelcomeAsync(endPoint, hello with { LaneNumber = 3 })).KnownLink);
    }

    [Fact]
    public async Task Unknown_version_is_refused()
        => Assert.Equal(RejectCode.Version, (await RejectionAsync(Start(), EdgeSamples.Hello("good", min: 7, max: 9))).Code);

    [Fact]
    public async Task Oversized_hello_is_refused_before_it_is_read()
    {
        await using var tls = await LaneDialer.DialAsync(Start(), replica, server);
        await tls.WriteAsync(new byte[] { 0x01, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x10, 0x00, 0x00 });
        await tls.FlushAsync();
        Assert.Equal((byte)FrameType.Reject, await FirstByteAsync(tls));
    }

    [Fact]
    public async Task Lane_that_begins_with_another_frame_is_refused()
    {
        await using var tls = await LaneDialer.DialAsync(Start(), replica, server);
        await tls.WriteAsync(new byte[] { 0x06, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8 });
        await tls.FlushAsync();
        Assert.Equal((byte)FrameType.Reject, await FirstByteAsync(tls));
    }

    [Fact]
    public async Task Hello_that_drips_is_given_up()
    {
        await using var tls = await LaneDialer.DialAsync(Start(), replica, server);
        await tls.WriteAsync(new byte[] { 0x01, 0, 0 });
        await tls.FlushAsync();
        var ended = LaneDialer.DrainAsync(tls);
        await AdvanceUntilAsync(ended, new EdgeLimits().HelloDeadline);
        Assert.Equal(0, links.Count);
    }

    [Fact]
    public async Task Connection_that_says_nothing_is_given_up()
    {
        await using var silent = await LaneDialer.ConnectAsync(Start());
        await AdvanceUntilAsync(LaneDialer.DrainAsync(silent), new EdgeLimits().TlsDeadline);
    }

    [Fact]
    public async Task Silent_connections_of_one_address_are_bounded_and_make_room_when_they_end()
    {
        var endPoint = Start(new EdgeLimits { HandshakesInFlightPerAddress = 1 });
        var silent = await LaneDialer.ConnectAsync(endPoint);
        await using var next = await LaneDialer.ConnectAsync(endPoint);
        await LaneDialer.DrainAsync(next).WaitAsync(Patience);
        await silent.DisposeAsync();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await WelcomeAsync(endPoint, EdgeSamples.Hello("good"));
                break;
            }
            catch (Exception e) when (attempt < 1_000 && e is IOException or AuthenticationException or SocketException)
            {
                // The edge has not seen the end of the silent one yet.
                time.Advance(TimeSpan.FromSeconds(1));
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }
        }
    }

    [Fact]
    public async Task Connection_from_the_https_port_becomes_a_lane_and_is_held_until_it_ends()
    {
        var acceptor = Acceptor(Options(new EdgeLimits()));
        var (near, far) = await PairAsync();
        var held = ((ILaneAcceptor)acceptor).AcceptAsync(far, far.Socket.RemoteEndPoint, CancellationToken.None);
        await using var tls = await LaneDialer.SecureAsync(near, replica, server);
        await LaneHandshake.DialAsync(tls, EdgeSamples.Hello("good"), CancellationToken.None);
        await Eventually.IsTrue(() => links.Describe(EdgeSamples.ConnectorA) is [{ Lanes: 1 }], "the lane is attached");
        Assert.False(held.IsCompleted);
        await made.Single().Lane!.DisposeAsync();
        await held.WaitAsync(Patience);
    }

    [Fact]
    public async Task Garbage_from_the_https_port_is_closed()
    {
        var (near, far) = await PairAsync();
        var held = ((ILaneAcceptor)Acceptor(Options(new EdgeLimits()))).AcceptAsync(far, far.Socket.RemoteEndPoint, CancellationToken.None);
        await near.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        await LaneDialer.DrainAsync(near).WaitAsync(Patience);
        await held.WaitAsync(Patience);
    }

    [Fact]
    public void Tunnel_port_in_use_is_named_with_its_remedy()
    {
        using var occupant = new TcpListener(IPAddress.Loopback, 0);
        occupant.Start();
        var port = ((IPEndPoint)occupant.LocalEndpoint).Port;
        var failure = Assert.Throws<EdgeStartException>(() => Start(new EdgeLimits(), port));
        Assert.Contains($"port {port} is in use", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--tunnel-port", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Renewed_certificate_is_shown_to_the_next_lane()
    {
        using var renewed = LaneCertificates.Create("renewed");
        var shown = LaneCertificates.Context(server);
        var listener = Listener(Options(new EdgeLimits()) with { ServerCertificate = () => shown() });
        await using (await LaneDialer.DialAsync(listener.EndPoint!, replica, server))
        {
            shown = LaneCertificates.Context(renewed);
            await using var next = await LaneDialer.DialAsync(listener.EndPoint!, replica, renewed);
            Assert.True(next.IsAuthenticated);
        }
    }

    private static async Task<(NetworkStream Near, NetworkStream Far)> PairAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var near = LaneDialer.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        return (await near, new NetworkStream(await listener.AcceptSocketAsync(), ownsSocket: true));
    }

    private static async Task<int> ReadAsync(SslStream tls)
    {
        using var patience = new CancellationTokenSource(Patience);
        return await tls.ReadAsync(new byte[1], patience.Token);
    }

    private static async Task<byte> FirstByteAsync(SslStream tls)
    {
        using var patience = new CancellationTokenSource(Patience);
        var buffer = new byte[1];
        await tls.ReadExactlyAsync(buffer, patience.Token);
        return buffer[0];
    }

    private async Task AdvanceUntilAsync(Task ended, TimeSpan step)
        => await Eventually.IsTrue(
            () =>
            {
                time.Advance(step);
                return ended.IsCompleted;
            },
            "the edge gave the connection up");

    private async Task<LaneWelcome> WelcomeAsync(IPEndPoint endPoint, LaneHello hello)
    {
        var tls = await LaneDialer.DialAsync(endPoint, replica, server);
        return await LaneHandshake.DialAsync(tls, hello, CancellationToken.None).WaitAsync(Patience);
    }

    private async Task<LaneRejectedException> RejectionAsync(IPEndPoint endPoint, LaneHello hello)
        => await Assert.ThrowsAsync<LaneRejectedException>(() => WelcomeAsync(endPoint, hello));

    private EdgeOptions Options(EdgeLimits limits, int port = 0) => new()
    {
        EdgeId = new EdgeId("edge"),
        ServerCertificate = LaneCertificates.Context(server),
        BindAddress = IPAddress.Loopback,
        TunnelPort = port,
        Limits = limits,
    };

    private LaneAcceptor Acceptor(EdgeOptions options) => new(options, links, time, NullLogger<LaneAcceptor>.Instance);

    private TunnelListener Listener(EdgeOptions options)
    {
        var listener = new TunnelListener(options, Acceptor(options), time, NullLogger<TunnelListener>.Instance);
        listeners.Add(listener);
        listener.Start();
        return listener;
    }

    private IPEndPoint Start(EdgeLimits? limits = null, int port = 0) => Listener(Options(limits ?? new EdgeLimits(), port)).EndPoint!;
}
