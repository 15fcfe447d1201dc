using System.Net;
using System.Net.Sockets;
using Connector.Server.Edge;
using Connector.Server.Edge.Sockets;

namespace Connector.Tests.Server.Edge.Sockets;

[Trait("kind", Kinds.Pure)]
public sealed class ListenProblemTests
{
    [Theory]
    [InlineData(SocketError.AddressAlreadyInUse, "in use")]
    [InlineData(SocketError.AccessDenied, "may not open")]
    [InlineData(SocketError.AddressNotAvailable, "bind address")]
    [InlineData(SocketError.NoBufferSpaceAvailable, "NoBufferSpaceAvailable")]
    public void Problem_is_named_with_its_remedy(SocketError error, string words)
        => Assert.Contains(words, ListenProblem.Describe(IPAddress.Loopback, 81, error, "give the socket another port"), StringComparison.Ordinal);

    [Fact]
    public void Port_outside_the_range_names_both()
    {
        var text = ListenProblem.OutOfRange(80, new PortRange(20000, 20099));
        Assert.Contains("port 80 ", text, StringComparison.Ordinal);
        Assert.Contains("20000-20099", text, StringComparison.Ordinal);
    }
}
