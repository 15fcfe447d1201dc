using System.Net;
using Connector.Plugins.Network;
using Connector.Protocol.Plugins;

namespace Connector.Tests.Plugins.Network;

[Trait("kind", Kinds.Pure)]
public sealed class ProbeSequenceTests
{
    [Fact]
    public void Each_pair_comes_once_port_by_port()
    {
        var probes = new ProbeSequence(AddressRange.Merged([Range("10.0.0.1", "10.0.0.3"), Range("10.0.0.2", "10.0.0.4"), Range("fd00::1", "fd00::1")]), [22, 80, 22]);

        var all = new List<string>();
        while (probes.TryNext(out var probe))
        {
            all.Add(probe.ToString());
        }

        Assert.Equal(10, probes.Total);
        Assert.Equal(
            ["10.0.0.1:22", "10.0.0.2:22", "10.0.0.3:22", "10.0.0.4:22", "[fd00::1]:22", "10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "10.0.0.4:80", "[fd00::1]:80"],
            all);
    }

    [Theory]
    [InlineData("10.0.0.0/24", 254, "10.0.0.1", "10.0.0.254")]
    [InlineData("10.0.0.0/31", 2, "10.0.0.0", "10.0.0.1")]
    [InlineData("10.0.0.7/32", 1, "10.0.0.7", "10.0.0.7")]
    [InlineData("fd00::/120", 256, "fd00::", "fd00::ff")]
    public void Networks_mean_the_same_as_in_the_configuration(string text, int count, string first, string last)
    {
        var range = AddressRange.HostsOf(IPNetwork.Parse(text));
        Assert.True(ScanTargetText.TryParse(text, out var target, out _));
        var configured = Assert.IsType<ScanTargetText.Addresses>(target);

        Assert.Equal(((UInt128)count, first, last), (range.Count, range.At(0).ToString(), range.At((UInt128)count - 1).ToString()));
        Assert.Equal(AddressRange.Of(configured.First, configured.Last), range);
    }

    [Fact]
    public void Whole_of_ipv6_is_counted_without_overflow() => Assert.Equal(UInt128.MaxValue, AddressRange.HostsOf(IPNetwork.Parse("::/0")).Count);

    private static AddressRange Range(string first, string last) => AddressRange.Of(IPAddress.Parse(first), IPAddress.Parse(last));
}
