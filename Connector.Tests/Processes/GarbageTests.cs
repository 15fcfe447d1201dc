using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using Connector.Protocol;
using Connector.Protocol.Tls;
using Connector.Protocol.Tokens;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

/// <summary>Whatever strangers send to a port, they are shown out, and everyone else is served.</summary>
[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class GarbageTests(SharedDev dev)
{
    private const int Strangers = 50;
    private static readonly TimeSpan ShownOutWithin = TimeSpan.FromSeconds(90);

    public static TheoryData<string> Ports => ["https", "http", "tunnel", "health"];

    [Theory]
    [MemberData(nameof(Ports))]
    public async Task Garbage_on_a_port_is_shown_out_and_others_are_served(string port)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var connector = await dev.GetAsync(cancellation);
        await using var echo = LoopbackUpstream.StartEcho();
        await using var served = await ServedPort.CreateAsync(connector, echo.Port);
        await UserConnection.EchoEventuallyAsync(served.Port, cancellation);

        foreach (var garbage in Garbage())
        {
            using var stranger = await UserConnection.OpenAsync(PortNumber(connector, port), cancellation);
            await SendAsMuchAsTakenAsync(stranger, garbage, cancellation);
            await stranger.ReadToEndAsync(cancellation, ShownOutWithin);
        }

        await UserConnection.EchoAsync(served.Port, cancellation);
        await AssertAliveAsync(connector);
    }

    [Fact]
    public async Task Http_to_the_tunnel_port_is_shown_out()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var connector = await dev.GetAsync(cancellation);

        using var stranger = await UserConnection.OpenAsync(connector.TunnelPort, cancellation);
        await stranger.SendAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), cancellation);
        await stranger.ReadToEndAsync(cancellation);

        await AssertAliveAsync(connector);
    }

    [Fact]
    public async Task Tls_without_alpn_to_the_tunnel_port_gets_no_lane()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var connector = await dev.GetAsync(cancellation);
        using var stranger = await UserConnection.OpenAsync(connector.TunnelPort, cancellation);

        var trust = new ServerTrust(ConnectorTokenReader.Read(new Secret(connector.Ready.ConnectorToken!)).CaPins);
        string? untrusted = null;
        await using var tls = new SslStream(
            new NetworkStream(stranger.Socket), false, (_, certificate, chain, errors) => trust.Validate(certificate, chain, errors, out untrusted));
        var received = 0;
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, cancellation).WaitAsync(ShownOutWithin, cancellation);
            await tls.WriteAsync(RandomNumberGenerator.GetBytes(1_000), cancellation);
            received = await tls.ReadAsync(new byte[1_000], cancellation).AsTask().WaitAsync(ShownOutWithin, cancellation);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            // Refused in the handshake or right after it.
        }

        Assert.Null(untrusted);
        Assert.Equal(0, received);
        await AssertAliveAsync(connector);
    }

    [Theory]
    [MemberData(nameof(Ports))]
    public async Task Slow_loris_on_a_port_keeps_nobody_from_being_served(string port)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var connector = await dev.GetAsync(cancellation);
        await using var echo = LoopbackUpstream.StartEcho();
        await using var served = await ServedPort.CreateAsync(connector, echo.Port);
        await UserConnection.EchoEventuallyAsync(served.Port, cancellation);
        var strangers = new List<UserConnection>();
        try
        {
            for (var i = 0; i < Strangers; i++)
            {
                var stranger = await UserConnection.OpenAsync(PortNumber(connector, port), cancellation);
                strangers.Add(stranger);
                await SendAsMuchAsTakenAsync(stranger, Drop(port, i), cancellation);
            }

            for (var i = 0; i < 20; i++)
            {
                await UserConnection.EchoAsync(served.Port, cancellation);
                await AssertAliveAsync(connector);
            }

            if (port == "tunnel")
            {
                // HELLO is due within 5 s: a lane that does not get there is ended.
                await Task.WhenAll(strangers.Select(stranger => stranger.ReadToEndAsync(cancellation, ShownOutWithin)));
            }
        }
        finally
        {
            foreach (var stranger in strangers)
            {
                stranger.Dispose();
            }
        }
    }

    [Fact]
    public async Task Idle_and_slow_users_of_a_socket_keep_nobody_from_being_served()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var connector = await dev.GetAsync(cancellation);
        await using var echo = LoopbackUpstream.StartEcho();
        await using var served = await ServedPort.CreateAsync(connector, echo.Port);
        await UserConnection.EchoEventuallyAsync(served.Port, cancellation);
        var idle = new List<UserConnection>();
        try
        {
            for (var i = 0; i < Strangers; i++)
            {
                idle.Add(await UserConnection.OpenAsync(served.Port, cancellation));
            }

            for (var i = 0; i < 20; i++)
            {
                await UserConnection.EchoAsync(served.Port, cancellation);
            }
        }
        finally
        {
            foreach (var user in idle)
            {
                user.Dispose();
            }
        }
    }

    private static int PortNumber(ConnectorProcess connector, string port) => port switch
    {
        "https" => connector.HttpsPort,
        "http" => connector.HttpPort,
        "tunnel" => connector.TunnelPort,
        _ => new Uri(connector.Ready.Replicas[0].HealthUrl ?? throw new InvalidDataException("The replica names no health_url.")).Port,
    };

    private static IEnumerable<byte[]> Garbage()
    {
        yield return RandomNumberGenerator.GetBytes(64 * 1024);
        yield return new byte[64 * 1024];
        yield return [.. Enumerable.Repeat((byte)0xFF, 64 * 1024)];

        // A TLS record header that promises more than there may be.
        yield return [0x16, 0x03, 0x01, 0xFF, 0xFF, .. RandomNumberGenerator.GetBytes(32 * 1024)];
    }

    /// <summary>The start of something that would be valid.</summary>
    private static byte[] Drop(string port, int turn) => port is "https" or "tunnel"
        ? turn % 2 == 0 ? [0x16, 0x03, 0x01] : []
        : Encoding.ASCII.GetBytes(turn % 2 == 0 ? "GET / HTTP/1.1\r\nHost: loc" : "G");

    private static async Task SendAsMuchAsTakenAsync(UserConnection stranger, byte[] bytes, CancellationToken cancellation)
    {
        try
        {
            await stranger.SendAsync(bytes, cancellation);
        }
        catch (SocketException)
        {
            // Shown out before it had finished speaking.
        }
    }

    private static async Task AssertAliveAsync(ConnectorProcess connector)
    {
        Assert.False(connector.Process.HasExited, connector.Process.Output);
        (await connector.Api.SendAsync(HttpMethod.Get, "connectors")).EnsureSuccess("Listing the connectors");
    }
}
