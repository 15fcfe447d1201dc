using Connector.Host.Configuration;
using Connector.Host.Errors;
using Xunit;

namespace Connector.Tests.Host.Configuration;

[Trait("kind", Kinds.Contract)]
public sealed class ServerSettingsTests : IDisposable
{
    private readonly HostFixture host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public void Tunnel_address_is_absent_unless_set()
    {
        Assert.Null(ServerSettings.Load(new ServerFlags(), host.Environment).TunnelAddress);
    }

    [Fact]
    public void Tunnel_address_of_the_environment_wins_over_the_file_and_the_flag_over_both()
    {
        var path = host.Write("s.yaml", "tunnel_address: a.test:1\n");
        Assert.Equal("a.test:1", ServerSettings.Load(new ServerFlags(path), host.Environment).TunnelAddress);

        host.Variables["BORDER0_TUNNEL_ADDRESS"] = "b.test:2";
        Assert.Equal("b.test:2", ServerSettings.Load(new ServerFlags(path), host.Environment).TunnelAddress);
        Assert.Equal("c.test:3", ServerSettings.Load(new ServerFlags(path, TunnelAddress: "c.test:3"), host.Environment).TunnelAddress);
    }

    [Theory]
    [InlineData("192.0.2.1:8444", true)]
    [InlineData("[2001:db8::1]:8444", true)]
    [InlineData("tunnel.example.com:65535", true)]
    [InlineData("tunnel.example.com", false)]
    [InlineData("tunnel.example.com:0", false)]
    [InlineData("tunnel.example.com:65536", false)]
    [InlineData("2001:db8::1:8444", false)]
    [InlineData("https://tunnel.example.com:8444", false)]
    [InlineData("a b:1", false)]
    [InlineData(":8444", false)]
    public void Tunnel_address_is_a_host_and_a_port(string text, bool good)
    {
        host.Variables["BORDER0_TUNNEL_ADDRESS"] = text;

        if (good)
        {
            Assert.Equal(text, ServerSettings.Load(new ServerFlags(), host.Environment).TunnelAddress);
        }
        else
        {
            var refused = Assert.Throws<ConnectorError>(() => ServerSettings.Load(new ServerFlags(), host.Environment));
            Assert.Contains("BORDER0_TUNNEL_ADDRESS", refused.Message, StringComparison.Ordinal);
        }
    }
}
