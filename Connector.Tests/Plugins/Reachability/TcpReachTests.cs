using System.Net;
using System.Net.Sockets;
using Connector.Actors.Reach;
using Connector.Plugins.Reachability;

namespace Connector.Tests.Plugins.Reachability;

[Trait("kind", Kinds.Contract)]
public sealed class TcpReachTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_port_that_accepts_is_enough_by_address_and_by_name()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var refusing = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        refusing.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var (open, closed) = (((IPEndPoint)listener.LocalEndpoint).Port, ((IPEndPoint)refusing.LocalEndPoint!).Port);
        using var reach = new TcpReach(SlowTime.Thirtyfold, ReachPolicy.Floor.Forbids);

        Assert.True(await reach.AnyAsync("127.0.0.1", [closed, open], Cancellation));
        Assert.True(await reach.AnyAsync("localhost", [closed, open], Cancellation));
        Assert.False(await reach.AnyAsync("127.0.0.1", [closed], Cancellation));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task What_may_not_be_dialled_is_not_reachable(string host)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var reach = new TcpReach(TimeProvider.System, static address => IPAddress.IsLoopback(address) ? "reach.deny" : null);

        Assert.False(await reach.AnyAsync(host, [((IPEndPoint)listener.LocalEndpoint).Port], Cancellation));

        Assert.False(listener.Pending());
    }

    [Theory]
    [InlineData("no such\u0000name")]
    [InlineData("")]
    [InlineData("...")]
    [InlineData("http://127.0.0.1/")]
    public async Task Text_that_is_no_name_is_not_reachable(string host)
    {
        using var reach = new TcpReach(TimeProvider.System, ReachPolicy.Floor.Forbids);

        Assert.False(await reach.AnyAsync(host, [80], Cancellation));
    }

    [Fact]
    public async Task Name_longer_than_names_are_is_not_reachable()
    {
        using var reach = new TcpReach(TimeProvider.System, ReachPolicy.Floor.Forbids);

        Assert.False(await reach.AnyAsync(string.Join('.', Enumerable.Repeat("label", 200)), [80], Cancellation));
    }

    [Fact]
    public async Task Question_that_is_cancelled_has_no_answer()
    {
        using var reach = new TcpReach(TimeProvider.System, ReachPolicy.Floor.Forbids);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reach.AnyAsync("127.0.0.1", [1], new CancellationToken(canceled: true)));
    }
}
