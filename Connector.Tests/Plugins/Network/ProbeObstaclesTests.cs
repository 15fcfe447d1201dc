using System.Net;
using System.Net.Sockets;
using Connector.Plugins.Network;

namespace Connector.Tests.Plugins.Network;

[Trait("kind", Kinds.Pure)]
public sealed class ProbeObstaclesTests
{
    private static readonly LocalNetworks WithIpv6 = LocalNetworks.Of([(IPAddress.Parse("10.1.2.3"), 24), (IPAddress.Parse("2001:db8::1"), 64)]);

    private static readonly LocalNetworks WithoutIpv6 = LocalNetworks.Of(
        [(IPAddress.Parse("10.1.2.3"), 24), (IPAddress.Parse("10.9.9.9"), 31), (IPAddress.IPv6Loopback, 128), (IPAddress.Parse("fe80::1"), 64)]);

    [Theory]
    [InlineData(SocketError.ConnectionRefused, "10.0.0.1", nameof(ProbeObstacle.None))]
    [InlineData(SocketError.TimedOut, "10.0.0.1", nameof(ProbeObstacle.None))]
    [InlineData(SocketError.HostUnreachable, "10.0.0.1", nameof(ProbeObstacle.None))]
    [InlineData(SocketError.NetworkUnreachable, "10.0.0.1", nameof(ProbeObstacle.NoRoute))]
    [InlineData(SocketError.NetworkDown, "2001:db8::2", nameof(ProbeObstacle.NoRoute))]
    [InlineData(SocketError.AddressNotAvailable, "2001:db8::2", nameof(ProbeObstacle.NoIpv6))]
    [InlineData(SocketError.AddressFamilyNotSupported, "2001:db8::2", nameof(ProbeObstacle.NoIpv6))]
    [InlineData(SocketError.AddressNotAvailable, "10.0.0.1", nameof(ProbeObstacle.NoSocket))]
    [InlineData(SocketError.InvalidArgument, "10.0.0.1", nameof(ProbeObstacle.NoRoute))]
    [InlineData(SocketError.AccessDenied, "10.0.0.1", nameof(ProbeObstacle.NoRoute))]
    [InlineData(SocketError.TooManyOpenSockets, "10.0.0.1", nameof(ProbeObstacle.NoSocket))]
    [InlineData(SocketError.NoBufferSpaceAvailable, "2001:db8::2", nameof(ProbeObstacle.NoSocket))]
    public void Errors_mean(SocketError error, string address, string obstacle)
        => Assert.Equal(obstacle, ProbeObstacles.Of(error, IPAddress.Parse(address), WithIpv6).ToString());

    [Fact]
    public void Machine_without_an_address_of_ipv6_has_no_ipv6_and_not_only_no_route()
    {
        Assert.Equal(ProbeObstacle.NoIpv6, ProbeObstacles.Of(SocketError.NetworkUnreachable, IPAddress.Parse("2001:db8::2"), WithoutIpv6));
        Assert.Equal(ProbeObstacle.NoRoute, ProbeObstacles.Of(SocketError.NetworkUnreachable, IPAddress.Parse("192.0.2.1"), WithoutIpv6));
    }

    [Theory]
    [InlineData("10.1.2.0", true)]
    [InlineData("10.1.2.255", true)]
    [InlineData("10.1.2.254", false)]
    [InlineData("10.9.9.9", false)]
    public void Addresses_of_own_networks_that_no_host_has_are_no_matter_of_routes(string address, bool isNobodys)
        => Assert.Equal(
            isNobodys ? ProbeObstacle.None : ProbeObstacle.NoRoute, ProbeObstacles.Of(SocketError.NetworkUnreachable, IPAddress.Parse(address), WithoutIpv6));
}
