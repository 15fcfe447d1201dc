using System.Net;
using System.Net.Sockets;
using System.Text;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Host.Composition;

/// <summary>A server behind a load balancer or NAT tells replicas another address than its own tunnel port.</summary>
[Trait("kind", Kinds.Contract)]
public sealed class TunnelAddressTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Replica_dials_the_tunnel_address_that_the_server_names_and_the_https_port_when_that_fails()
    {
        await using var upstream = LoopbackUpstream.StartEcho();
        using var balancer = new TcpListener(IPAddress.Loopback, 0);
        balancer.Start();
        await using var parts = await JoinedParts.StartAsync($"127.0.0.1:{((IPEndPoint)balancer.LocalEndpoint).Port}");
        var served = await parts.Api.CreateSocketAsync("served", upstream.Port);
        await parts.StartReplicaAsync((await parts.CreateTokenAsync()).Token);

        using (var lane = await balancer.AcceptSocketAsync(Cancellation))
        {
            var hello = new byte[4096];
            var length = await lane.ReceiveAsync(hello, SocketFlags.None, Cancellation);
            Assert.Contains("border0-relay/1", Encoding.Latin1.GetString(hello, 0, length), StringComparison.Ordinal);
        }

        balancer.Stop();
        await UserConnection.EchoEventuallyAsync(served.Port, Cancellation);
    }
}
