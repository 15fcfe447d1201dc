using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Connector.Protocol.Tls;
using Connector.Server.Edge;
using Xunit;

namespace Connector.Tests.Server.Hosting;

/// <summary>The HTTPS port: browsers, lanes, and everybody who should not be there.</summary>
[Trait("kind", Kinds.Contract)]
public sealed class HttpsPortTests : IAsyncLifetime
{
    private readonly RecordingAcceptor lanes = new();
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private ControlPlaneFixture server = null!;

    public async ValueTask InitializeAsync() => server = await ControlPlaneFixture.StartAsync(lanes: lanes);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 0)]
    public async Task Rest_is_served_over_tls_to_who_knows_only_the_pin(int major, int minor)
    {
        using var client = Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Https, "/hello")) { Version = new Version(major, minor), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await client.SendAsync(request);

        Assert.Equal(("world", new Version(major, minor)), (await response.Content.ReadAsStringAsync(), response.Version));
    }

    [Fact]
    public async Task Certificate_of_another_ca_is_not_trusted()
    {
        using var handler = server.Handler();
        handler.SslOptions.RemoteCertificateValidationCallback = (sender, certificate, chain, errors)
            => new ServerTrust(["sha256/" + Convert.ToBase64String(new byte[32])]).Validate(certificate, chain, errors, out _);
        using var client = new HttpClient(handler);

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(new Uri(server.Https, "/hello")));
    }

    [Fact]
    public async Task Plain_http_port_serves_loopback()
    {
        using var client = new HttpClient();
        Assert.Equal("world", await client.GetStringAsync(new Uri(server.Http, "/hello")));
    }

    [Fact]
    public async Task Lane_by_alpn_reaches_the_acceptor_with_every_byte_and_works_both_ways()
    {
        using var socket = await ConnectAsync();
        await using var raw = new NetworkStream(socket, ownsSocket: true);
        await using var tls = new SslStream(raw);
        var handshake = tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost", ApplicationProtocols = [new SslApplicationProtocol("border0-relay/1")],
            RemoteCertificateValidationCallback = (sender, certificate, chain, errors) => new ServerTrust(server.Pins).Validate(certificate, chain, errors, out _),
        });

        var offered = await lanes.Offered.Task.WaitAsync(ControlPlaneFixture.Patience);

        // A TLS record with a ClientHello, unconsumed.
        Assert.Equal((22, 1), (offered.First[0], offered.First[5]));
        Assert.IsType<IPEndPoint>(offered.Remote);
        lanes.Answer.SetResult("not tls"u8.ToArray());
        await Assert.ThrowsAnyAsync<Exception>(() => handshake.WaitAsync(ControlPlaneFixture.Patience));
    }

    [Fact]
    public async Task Browser_is_not_asked_for_a_client_certificate()
    {
        var asked = false;
        using var handler = server.Handler();
        handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, issuers) =>
        {
            asked |= issuers.Length > 0;
            return null!;
        };
        using var client = new HttpClient(handler);

        await client.GetStringAsync(new Uri(server.Https, "/hello"));

        Assert.False(asked);
    }

    [Fact]
    public async Task Http_on_the_tls_port_is_told_so()
    {
        using var socket = await ConnectAsync();
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());

        Assert.Contains("https://", await ReadToEndAsync(socket), StringComparison.Ordinal);
        await OthersAreServedAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("\u0016\u0003\u0001")]
    [InlineData("\u0016\u0003\u0001\u0000\u0005garbage that is no client hello at all")]
    [InlineData("\u0000\u0001\u0002\u0003")]
    public async Task Garbage_and_silence_are_closed_within_the_deadline_while_others_are_served(string garbage)
    {
        await RestartAsync(Soon);
        using var socket = await ConnectAsync();
        await socket.SendAsync(Encoding.Latin1.GetBytes(garbage));
        await Eventually.SucceedsAsync(OthersAreServedAsync, "others are served", TestContext.Current.CancellationToken);

        await ReadToEndAsync(socket);

        Assert.DoesNotContain(server.Log.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Slow_client_hello_is_closed_although_it_keeps_sending()
    {
        await RestartAsync(Soon);
        using var socket = await ConnectAsync();
        var reading = ReadToEndAsync(socket);
        await socket.SendAsync((byte[])[22, 3, 1, 2, 0, 1, 0, 1, 0xfc]);
        using var drip = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!reading.IsCompleted && await drip.WaitForNextTickAsync())
        {
            try
            {
                await socket.SendAsync(new byte[1]);
            }
            catch (SocketException)
            {
                break;
            }
        }

        await reading;
    }

    [Fact]
    public async Task Tls_without_alpn_is_served_http_1_1()
    {
        using var socket = await ConnectAsync();
        await using var tls = new SslStream(new NetworkStream(socket), false, (sender, certificate, chain, errors) => new ServerTrust(server.Pins).Validate(certificate, chain, errors, out _));
        await tls.AuthenticateAsClientAsync("localhost");
        await tls.WriteAsync("GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"u8.ToArray());

        using var reader = new StreamReader(tls);
        Assert.StartsWith("HTTP/1.1 200", await reader.ReadToEndAsync().WaitAsync(ControlPlaneFixture.Patience), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Oversized_body_is_refused()
    {
        // Asked before the body is sent: a server that closes on the way resets, and the answer may be lost with that.
        var handler = server.Handler();
        handler.Expect100ContinueTimeout = ControlPlaneFixture.Patience;
        using var client = new HttpClient(handler) { Timeout = ControlPlaneFixture.Patience };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Https, "/take")) { Content = new ByteArrayContent(new byte[2 * 1024 * 1024]) };
        request.Headers.ExpectContinue = true;
        using var response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    private async Task RestartAsync(TimeSpan handshakeDeadline)
    {
        await server.DisposeAsync();
        server = await ControlPlaneFixture.StartAsync(lanes: lanes, handshakeDeadline: handshakeDeadline);
    }

    private HttpClient Client() => new(server.Handler()) { Timeout = ControlPlaneFixture.Patience };

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, server.Https.Port);
        return socket;
    }

    private async Task<bool> OthersAreServedAsync()
    {
        using var client = Client();
        return await client.GetStringAsync(new Uri(server.Https, "/hello")) == "world" ? true : throw new InvalidDataException("another answer");
    }

    /// <summary>What the server says until it closes; a reset is a close too.</summary>
    private static async Task<string> ReadToEndAsync(Socket socket)
    {
        using var deadline = new CancellationTokenSource(ControlPlaneFixture.Patience);
        var received = new MemoryStream();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, deadline.Token) is var count and > 0)
            {
                received.Write(buffer, 0, count);
            }
        }
        catch (SocketException)
        {
            // Reset.
        }

        return Encoding.Latin1.GetString(received.ToArray());
    }

    private sealed class RecordingAcceptor : ILaneAcceptor
    {
        public TaskCompletionSource<(byte[] First, EndPoint? Remote)> Offered { get; } = new();

        public TaskCompletionSource<byte[]> Answer { get; } = new();

        public async Task AcceptAsync(Stream raw, EndPoint? remote, CancellationToken cancellationToken)
        {
            var buffer = new byte[16 * 1024];
            var count = await raw.ReadAtLeastAsync(buffer, 6, cancellationToken: cancellationToken);
            Offered.TrySetResult((buffer[..count], remote));
            await raw.WriteAsync(await Answer.Task.WaitAsync(ControlPlaneFixture.Patience, cancellationToken), cancellationToken);
            await raw.FlushAsync(cancellationToken);
        }
    }
}
