using System.Net;
using System.Net.Sockets;
using Connector.Server.Edge.Sockets;

namespace Connector.Tests.Server.Edge.Sockets;

[Trait("kind", Kinds.Contract)]
public sealed class AcceptLoopTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Disposed_loop_ends_and_frees_its_port_while_accepted_connections_live()
    {
        var accepted = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        var loop = AcceptLoop.Open(IPAddress.Loopback, 0, TimeProvider.System);
        var running = loop.RunAsync(accepted.SetResult, _ => { });
        using var client = await EdgeClient.ConnectAsync(loop.EndPoint);
        using var far = await accepted.Task.WaitAsync(Patience);
        loop.Dispose();
        await running.WaitAsync(Patience);
        using var next = AcceptLoop.Open(IPAddress.Loopback, loop.EndPoint.Port, TimeProvider.System);
        await far.SendAsync("x"u8.ToArray());
        Assert.Equal("x", await client.ReceiveAsync(1));
    }

    [Fact]
    public async Task Any_address_takes_IPv4_and_shows_it_as_itself_once_normalized()
    {
        var accepted = new TaskCompletionSource<Socket>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var loop = AcceptLoop.Open(IPAddress.IPv6Any, 0, TimeProvider.System);
        var running = loop.RunAsync(accepted.SetResult, _ => { });
        using var client = await EdgeClient.ConnectAsync(loop.EndPoint);
        using var far = await accepted.Task.WaitAsync(Patience);
        Assert.Equal(
            IPAddress.Loopback,
            Connector.Server.Edge.Admission.ClientAdmission.Normalize(((IPEndPoint)far.RemoteEndPoint!).Address));
        Assert.False(running.IsCompleted);
    }

    [Fact]
    public void Port_in_use_is_an_error_of_the_opening()
    {
        using var first = AcceptLoop.Open(IPAddress.Loopback, 0, TimeProvider.System);
        var failure = Assert.Throws<SocketException>(() => AcceptLoop.Open(IPAddress.Loopback, first.EndPoint.Port, TimeProvider.System));
        Assert.Equal(SocketError.AddressAlreadyInUse, failure.SocketErrorCode);
    }
}
