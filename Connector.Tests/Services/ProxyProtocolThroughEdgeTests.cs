using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Connector.Relay.ProxyProtocol;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Services;

/// <summary>HAProxy in front of the edge and nginx behind the replica, as in a real installation: nginx must see the user.</summary>
[Trait("kind", Kinds.Service)]
[Collection(RealThings.Name)]
public sealed class ProxyProtocolThroughEdgeTests(SharedDev dev)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task User_in_front_of_the_balancer_is_the_one_that_the_upstream_sees()
    {
        Installed.Require([.. NginxServer.Needs, .. HaProxyServer.Needs]);
        var cancellation = TestContext.Current.CancellationToken;
        var connector = await dev.GetAsync(cancellation);
        await using var nginx = await NginxServer.StartAsync(cancellation, largeMegabytes: 1);
        await using var served = await ServeAsync(connector, nginx, "127.0.0.77/32");
        await Eventually.IsTrueAsync(
            async () => (string?)(await connector.Api.SendAsync(HttpMethod.Get, $"socket/{served.Name}")).Json["listener"]?["state"] == "listening", "the edge listens", cancellation);
        await using var balancer = await HaProxyServer.StartAsync(served.Port, cancellation);
        var (user, answer) = await Eventually.SucceedsAsync(() => AskAsync(balancer.Port, "127.0.0.77", []), "the user is served", cancellation);
        Assert.Equal($"127.0.0.77 {user.Port} 127.0.0.1 {nginx.ProxiedPort}", answer);

        // The same balancer, but a user who may not come in. Its record may be the sum of several.
        await Assert.ThrowsAnyAsync<IOException>(() => AskAsync(balancer.Port, "127.0.0.78", []));
        await Eventually.IsTrueAsync(
            async () => (await connector.Api.LogsAsync()).Contains("127.0.0.78", StringComparison.Ordinal), "the denial is recorded", cancellation);

        // Its checks, five in a second, are no clients and leave no records.
        Assert.DoesNotContain("is DOWN", balancer.Output, StringComparison.Ordinal);
        Assert.DoesNotContain($"socket {served.Name}: the connection that load balancer", await connector.Api.LogsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task IPv6_user_named_by_a_header_is_the_one_that_the_upstream_sees()
    {
        Installed.Require(NginxServer.Needs);
        var cancellation = TestContext.Current.CancellationToken;
        await using var nginx = await NginxServer.StartAsync(cancellation, largeMegabytes: 1);
        await using var served = await ServeAsync(await dev.GetAsync(cancellation), nginx, "2001:db8::/32");
        var header = new byte[ProxyHeaderCodec.MaxWritten];
        var length = ProxyHeaderCodec.Write(header, IPEndPoint.Parse("[2001:db8::7]:40000"), IPEndPoint.Parse("[2001:db8::1]:443"));
        var (_, answer) = await Eventually.SucceedsAsync(() => AskAsync(served.Port, "127.0.0.1", header[..length]), "the user is served", cancellation);
        Assert.StartsWith("2001:db8::7 40000 ", answer, StringComparison.Ordinal);
    }

    private static Task<ServedPort> ServeAsync(ConnectorProcess connector, NginxServer nginx, string allowed)
        => ServedPort.CreateAsync(connector, nginx.ProxiedPort, body =>
        {
            body["upstream_proxy_protocol"] = "v2";
            body["edge"] = new JsonObject
            {
                ["public"] = true,
                ["allowed_ips"] = new JsonArray(allowed),
                ["proxy_protocol_from"] = new JsonArray("127.0.0.1/32"),
            };
        });

    /// <exception cref="IOException">The connection ended without an answer.</exception>
    private static async Task<(IPEndPoint User, string Answer)> AskAsync(int port, string from, byte[] before)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        try
        {
            await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port)).WaitAsync(Long);
            await client.SendAsync((byte[])[.. before, .. "GET / HTTP/1.0\r\n\r\n"u8]);
            await using var stream = new NetworkStream(client);
            using var reader = new StreamReader(stream, Encoding.ASCII);
            var answer = await reader.ReadToEndAsync().WaitAsync(Long);
            return answer.Length == 0
                ? throw new IOException("the connection was closed without an answer")
                : ((IPEndPoint)client.LocalEndPoint!, answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..].Trim());
        }
        catch (SocketException e)
        {
            throw new IOException("the connection was reset", e);
        }
    }
}
