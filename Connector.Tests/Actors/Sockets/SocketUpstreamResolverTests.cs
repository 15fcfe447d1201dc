using Connector.Actors.Reach;
using Connector.Actors.Sockets;
using Connector.Protocol.Ids;
using Connector.Protocol.Variables;
using Xunit;

namespace Connector.Tests.Actors.Sockets;

[Trait("kind", Kinds.Pure)]
public sealed class SocketUpstreamResolverTests
{
    [Fact]
    public void Host_and_port_are_read() => Assert.Equal(new PlainUpstream("h", 5), Relayed("""{"hostname":"h","port":5}""").Upstream);

    [Fact]
    public void Referenced_host_is_looked_up() => Assert.Equal(new PlainUpstream("from-environment", 5) { Reference = "from:env:DB_HOST" }, Relayed("""{"hostname":"from:env:DB_HOST","port":5}""").Upstream);

    [Fact]
    public void Referenced_host_is_shown_as_configured() => Assert.Equal("[from:env:DB_HOST]:5", Relayed("""{"hostname":"from:env:DB_HOST","port":5}""").Upstream.ToString());

    [Fact]
    public void Missing_reference_is_invalid_and_named()
        => Assert.Contains("NOWHERE", Assert.IsType<SocketUpstreamChoice.Invalid>(Resolve("""{"hostname":"from:env:NOWHERE","port":5}""")).Reason, StringComparison.Ordinal);

    [Theory]
    [InlineData("{}")]
    [InlineData("7")]
    [InlineData("nonsense")]
    [InlineData("""{"hostname":"h","port":0}""")]
    [InlineData("""{"hostname":"h","port":"5x"}""")]
    public void Unreadable_configuration_is_invalid(string vnc) => Assert.IsType<SocketUpstreamChoice.Invalid>(Resolve(vnc));

    [Fact]
    public void Type_that_is_not_served_is_unsupported()
        => Assert.IsType<SocketUpstreamChoice.Unsupported>(ResolveAll(
            """{"upstream_configuration":{"service_type":"exit_node","exit_node_service_configuration":{}}}"""));

    private static SocketUpstreamChoice.PlainRelay Relayed(string vnc) => Assert.IsType<SocketUpstreamChoice.PlainRelay>(Resolve(vnc));

    private static SocketUpstreamChoice Resolve(string vnc)
        => ResolveAll($$$"""{"upstream_configuration":{"service_type":"vnc","vnc_service_configuration":{{{vnc}}}}}""");

    private static SocketUpstreamChoice ResolveAll(string config)
        => new SocketUpstreamResolver(new VariableResolver(name => name == "DB_HOST" ? "from-environment" : null, "/home/test"))
            .Resolve(new SocketDefinition(new SocketId("s"), "s", "vnc", config));
}
