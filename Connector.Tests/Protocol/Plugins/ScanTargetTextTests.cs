using System.Net;
using Connector.Protocol.Plugins;
using Xunit;

namespace Connector.Tests.Protocol.Plugins;

[Trait("kind", Kinds.Pure)]
public sealed class ScanTargetTextTests
{
    [Theory]
    [InlineData("192.168.1.0/24", "192.168.1.1", "192.168.1.254", 254)]
    [InlineData("192.168.1.77/24", "192.168.1.1", "192.168.1.254", 254)]
    [InlineData("10.0.0.4/31", "10.0.0.4", "10.0.0.5", 2)]
    [InlineData("10.0.0.4/32", "10.0.0.4", "10.0.0.4", 1)]
    [InlineData("0.0.0.0/0", "0.0.0.1", "255.255.255.254", 4294967294)]
    [InlineData("fd00::/126", "fd00::", "fd00::3", 4)]
    [InlineData("10.0.0.5-10.0.0.20", "10.0.0.5", "10.0.0.20", 16)]
    [InlineData("fd00::1-fd00::1:0", "fd00::1", "fd00::1:0", 65536)]
    [InlineData(" 127.0.0.1 ", "127.0.0.1", "127.0.0.1", 1)]
    [InlineData("::1", "::1", "::1", 1)]
    public void Addresses_are_first_to_last(string text, string first, string last, long count)
    {
        Assert.True(ScanTargetText.TryParse(text, out var target, out _));
        var addresses = Assert.IsType<ScanTargetText.Addresses>(target);
        Assert.Equal((IPAddress.Parse(first), IPAddress.Parse(last), (UInt128)count), (addresses.First, addresses.Last, addresses.Count));
        Assert.Equal(addresses.First, addresses.At(0));
        Assert.Equal(addresses.Last, addresses.At(addresses.Count - 1));
    }

    [Theory]
    [InlineData("eth0")]
    [InlineData("db.internal")]
    [InlineData("my-host")]
    [InlineData("br-1a2b")]
    public void Names_are_resolved_later(string text)
    {
        Assert.True(ScanTargetText.TryParse(text, out var target, out _));
        Assert.Equal(text, Assert.IsType<ScanTargetText.Name>(target).Value);
    }

    [Theory]
    [InlineData("10.0.0.0/33", "not a network")]
    [InlineData("10.0.0.20-10.0.0.5", "its end is before its beginning")]
    [InlineData("10.0.0.20-fd00::1", "one family")]
    [InlineData("10.0.0.1-oops", "one family")]
    [InlineData("10.0.0", "neither")]
    [InlineData("300.1.1.1", "neither")]
    [InlineData("", "neither")]
    [InlineData("a b", "neither")]
    [InlineData("a\u0000b", "neither")]
    public void Nonsense_is_named(string text, string expected)
    {
        Assert.False(ScanTargetText.TryParse(text, out _, out var problem));
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Whole_address_space_can_be_counted()
    {
        Assert.True(ScanTargetText.TryParse("::/0", out var target, out _));
        Assert.Equal(UInt128.MaxValue, Assert.IsType<ScanTargetText.Addresses>(target).Count);
    }
}
