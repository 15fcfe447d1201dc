using System.Net;
using Connector.Actors.Reach;
using CsCheck;
using Xunit;

namespace Connector.Tests.Actors.Reach;

[Trait("kind", Kinds.Pure)]
public sealed class ReachPolicyTests
{
    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("2852039166")]
    [InlineData("0xA9FEA9FE")]
    [InlineData("0xa9.0xfe.0xa9.0xfe")]
    [InlineData("0251.0376.0251.0376")]
    [InlineData("169.254.43518")]
    [InlineData("169.0xfea9fe")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::ffff:a9fe:a9fe")]
    [InlineData("0:0:0:0:0:ffff:a9fe:a9fe")]
    [InlineData("::169.254.169.254")]
    [InlineData("::ffff:0:169.254.169.254")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("64:ff9b::169.254.169.254")]
    [InlineData("64:ff9b:1::169.254.169.254")]
    [InlineData("64:ff9b:1:a9fe:a9:fe00::")]
    [InlineData("2001:0:a9fe:a9fe::1")]
    [InlineData("2001:0:102:304::5601:5601")]
    [InlineData("2001:db8::5efe:169.254.169.254")]
    [InlineData("2001:db8::200:5efe:a9fe:a9fe")]
    [InlineData("fd00:ec2::254")]
    [InlineData("FD00:0EC2:0:0:0:0:0:0254")]
    [InlineData("fd20:ce::254")]
    [InlineData("100.100.100.200")]
    [InlineData("::ffff:100.100.100.200")]
    [InlineData("168.63.129.16")]
    [InlineData("64:ff9b::168.63.129.16")]
    [InlineData("192.0.0.192")]
    [InlineData("169.254.0.1")]
    [InlineData("169.254.170.2")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%2")]
    [InlineData("febf:ffff::1")]
    [InlineData("0.0.0.0")]
    [InlineData("0")]
    [InlineData("0.1.2.3")]
    [InlineData("::")]
    [InlineData("::ffff:0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.255")]
    [InlineData("ff02::1")]
    [InlineData("255.255.255.255")]
    [InlineData("0xffffffff")]
    public void Floor_forbids(string spelling)
    {
        var verdict = ReachPolicy.Floor.Evaluate(IPAddress.Parse(spelling));

        Assert.False(verdict.Allowed);
        Assert.NotEmpty(verdict.Rule);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("192.168.0.1")]
    [InlineData("169.253.255.255")]
    [InlineData("169.255.0.0")]
    [InlineData("100.100.100.201")]
    [InlineData("168.63.129.17")]
    [InlineData("223.255.255.255")]
    [InlineData("240.0.0.1")]
    [InlineData("8.8.8.8")]
    [InlineData("2001:db8::1")]
    [InlineData("fd00:ec1::254")]
    [InlineData("fec0::1")]
    [InlineData("64:ff9b::8.8.8.8")]
    [InlineData("2002:808:808::1")]
    public void Floor_permits(string spelling) => Assert.True(ReachPolicy.Floor.Evaluate(IPAddress.Parse(spelling)).Allowed);

    [Fact]
    public void Floor_forbids_every_link_local_address_in_every_carrier()
        => Gen.Select(Gen.Byte, Gen.Byte, Gen.Int[0, Carriers.Length - 1]).Sample((c, d, carrier) =>
        {
            var address = Carriers[carrier]([169, 254, c, d]);
            return !ReachPolicy.Floor.Evaluate(address).Allowed;
        });

    [Fact]
    public void Carrier_of_a_permitted_address_is_judged_like_the_address()
        => Gen.Select(Gen.UInt, Gen.Int[0, Carriers.Length - 1]).Sample((bits, carrier) =>
        {
            byte[] v4 = [(byte)(bits >> 24), (byte)(bits >> 16), (byte)(bits >> 8), (byte)bits];
            if (carrier == CompatibleCarrier && bits <= 1)
                return true;
            return ReachPolicy.Floor.Evaluate(new IPAddress(v4)).Allowed == ReachPolicy.Floor.Evaluate(Carriers[carrier](v4)).Allowed;
        });

    [Fact]
    public void Deny_wins_over_allow_and_holds_through_carriers()
    {
        var policy = Create(["10.0.0.0/8", "64:ff9b::/96"], ["10.9.0.0/16"]);

        Assert.True(policy.Evaluate(IPAddress.Parse("10.1.0.1")).Allowed);
        Assert.True(policy.Evaluate(IPAddress.Parse("::ffff:10.1.0.1")).Allowed);
        Assert.Contains("reach.deny", policy.Evaluate(IPAddress.Parse("10.9.0.1")).Rule, StringComparison.Ordinal);
        Assert.Contains("reach.deny", policy.Evaluate(IPAddress.Parse("64:ff9b::10.9.0.1")).Rule, StringComparison.Ordinal);
        Assert.Contains("reach.allow", policy.Evaluate(IPAddress.Parse("192.168.0.1")).Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void Allow_cannot_widen_the_floor()
    {
        var policy = Create(["0.0.0.0/0", "::/0", "169.254.169.254"], []);

        Assert.False(policy.Evaluate(IPAddress.Parse("169.254.169.254")).Allowed);
        Assert.False(policy.Evaluate(IPAddress.Parse("fe80::1")).Allowed);
        Assert.True(policy.Evaluate(IPAddress.Parse("192.0.2.1")).Allowed);
    }

    [Fact]
    public void Mapped_network_is_read_as_IPv4()
        => Assert.False(Create([], ["::ffff:10.0.0.0/104"]).Evaluate(IPAddress.Parse("10.2.3.4")).Allowed);

    [Fact]
    public void Host_bits_are_cleared()
        => Assert.False(Create([], ["10.1.2.3/8"]).Evaluate(IPAddress.Parse("10.200.0.1")).Allowed);

    [Theory]
    [InlineData("10/8")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("2001:db8::/129")]
    [InlineData("db.internal")]
    [InlineData("")]
    public void Unreadable_network_is_an_error_that_names_it(string text)
    {
        Assert.False(ReachPolicy.TryCreate([], [text], out _, out var error));
        Assert.Contains("reach.deny", error, StringComparison.Ordinal);
        Assert.Contains(text, error, StringComparison.Ordinal);
    }

    private const int CompatibleCarrier = 1;

    private static readonly Func<byte[], IPAddress>[] Carriers =
    [
        v4 => new IPAddress([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, .. v4]),
        v4 => new IPAddress([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. v4]),
        v4 => new IPAddress([0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, .. v4]),
        v4 => new IPAddress([0x20, 0x02, .. v4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        v4 => new IPAddress([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, .. v4]),
        v4 => new IPAddress([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0x5e, 0xfe, .. v4]),
        v4 => new IPAddress([0x20, 1, 0, 0, 8, 8, 8, 8, 0, 0, 0, 0, (byte)~v4[0], (byte)~v4[1], (byte)~v4[2], (byte)~v4[3]]),
    ];

    private static ReachPolicy Create(string[] allow, string[] deny)
    {
        Assert.True(ReachPolicy.TryCreate(allow, deny, out var policy, out var error), error);
        return policy;
    }
}
