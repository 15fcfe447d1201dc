using System.Net;
using System.Net.Sockets;
using Connector.Actors.Group;
using Connector.Host.Composition;
using Connector.Host.Errors;
using Connector.Host.Running;
using Xunit;

namespace Connector.Tests.Host.Running;

[Trait("kind", Kinds.Contract)]
public sealed class ListenAddressTests
{
    [Fact]
    public async Task Address_that_is_let_go_in_time_is_waited_for()
    {
        using var predecessor = new TcpListener(IPAddress.Loopback, 0);
        predecessor.Start();
        var address = (IPEndPoint)predecessor.LocalEndpoint;
        var waiting = ListenAddress.WaitUntilFreeAsync(address, TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);

        predecessor.Stop();

        Assert.Equal(SocketError.Success, await waiting);
    }

    [Fact]
    public async Task Address_that_stays_in_use_is_refused_with_the_remedy()
    {
        using var squatter = new TcpListener(IPAddress.Loopback, 0);
        squatter.Start();
        var group = Group("127.0.0.1", ((IPEndPoint)squatter.LocalEndpoint).Port);

        var failure = await Assert.ThrowsAsync<ConnectorError>(() => GroupAddress.CheckAsync(group, TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken));

        Assert.Contains($"Cannot listen for the group on 127.0.0.1:{group.Port}: another program", failure.Message);
        Assert.Contains("another port in cluster.bind", failure.Message);
    }

    [Fact]
    public void Address_of_another_machine_is_refused_without_waiting()
        => Assert.Contains("this machine does not have that address", GroupAddress.Problem(Group("192.0.2.77", 9500))!.Message);

    private static GroupSettings Group(string host, int port) => new(host, port, null, [new GroupPeer("127.0.0.1", 1)], null);
}
