using System.Net;
using Connector.Server.Edge.Admission;

namespace Connector.Tests.Server.Edge.Admission;

[Trait("kind", Kinds.Pure)]
public sealed class ClientAdmissionTests
{
    [Theory]
    [InlineData("10.1.2.3", "10.0.0.0/8", true)]
    [InlineData("11.1.2.3", "10.0.0.0/8", false)]
    [InlineData("::ffff:10.1.2.3", "10.0.0.0/8", true)]
    [InlineData("::ffff:11.1.2.3", "10.0.0.0/8", false)]
    [InlineData("10.1.2.3", "::ffff:10.0.0.0/104", true)]
    [InlineData("::ffff:10.1.2.3", "::ffff:10.0.0.0/104", true)]
    [InlineData("11.1.2.3", "::ffff:10.0.0.0/104", false)]
    [InlineData("2001:db8::1", "2001:db8::/32", true)]
    [InlineData("2001:db9::1", "2001:db8::/32", false)]
    [InlineData("10.1.2.3", "::/0", false)]
    [InlineData("2001:db8::1", "0.0.0.0/0", false)]
    [InlineData("192.168.1.7", "192.168.1.7/32", true)]
    [InlineData("192.168.1.8", "192.168.1.7/32", false)]
    [InlineData("1.2.3.4", "0.0.0.0/0", true)]
    public void Address_is_admitted_only_inside_a_network_of_its_family(string client, string network, bool admitted)
    {
        var verdict = ClientAdmission.Decide(EdgeSamples.Socket(allowed: [network]), IPAddress.Parse(client));
        Assert.Equal(admitted ? AdmissionVerdict.Admitted : AdmissionVerdict.AddressNotAllowed, verdict);
    }

    [Fact]
    public void Any_of_several_networks_is_enough()
        => Assert.Equal(
            AdmissionVerdict.Admitted,
            ClientAdmission.Decide(EdgeSamples.Socket(allowed: ["10.0.0.0/8", "127.0.0.0/8"]), IPAddress.Loopback));

    [Fact]
    public void Socket_that_is_not_public_admits_nobody_whatever_its_list_says()
        => Assert.Equal(
            AdmissionVerdict.NotPublic, ClientAdmission.Decide(EdgeSamples.Socket(open: false, allowed: ["0.0.0.0/0"]), IPAddress.Loopback));

    [Fact]
    public void Public_socket_without_a_list_admits_nobody()
        => Assert.Equal(AdmissionVerdict.AddressNotAllowed, ClientAdmission.Decide(EdgeSamples.Socket(allowed: []), IPAddress.Loopback));

    [Fact]
    public void Default_list_admits_nobody()
        => Assert.Equal(
            AdmissionVerdict.AddressNotAllowed,
            ClientAdmission.Decide(EdgeSamples.Socket() with { AllowedIps = [] }, IPAddress.IPv6Loopback));
}
