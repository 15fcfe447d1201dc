using Connector.Actors.Control;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Xunit;

namespace Connector.Tests.Actors.Control;

[Trait("kind", Kinds.Pure)]
public sealed class ConfigOrderTests
{
    [Fact]
    public void Update_before_Init_asks_for_a_reconnect()
        => Assert.Equal(ConfigVerdict.Reconnect, ConfigOrder.Start.OnUpdate(Version("a", 1), out _, out _));

    [Theory]
    [InlineData("a", 5, true)]
    [InlineData("a", 6, true)]
    [InlineData("a", 9, true)]
    [InlineData("a", 4, false)]
    [InlineData("b", 6, false)]
    public void Update_follows_within_one_incarnation_and_never_falls(string incarnation, long number, bool applies)
    {
        var verdict = ConfigOrder.Start.AfterInit(Version("a", 5)).OnUpdate(Version(incarnation, number), out var next, out var reason);
        Assert.Equal(applies ? ConfigVerdict.Apply : ConfigVerdict.Reconnect, verdict);
        Assert.Equal(applies ? new DesiredStateVersion(incarnation, number) : new DesiredStateVersion("a", 5), next.Last);
        Assert.Equal(applies, reason.Length == 0);
    }

    [Fact]
    public void Server_without_versions_is_followed_as_it_sends()
    {
        var order = ConfigOrder.Start.AfterInit(null);
        Assert.Equal(ConfigVerdict.Apply, order.OnUpdate(null, out order, out _));
        Assert.Equal(ConfigVerdict.Apply, order.OnUpdate(null, out _, out _));
    }

    private static ConfigVersion Version(string incarnation, long number) => new() { Incarnation = incarnation, Number = number };
}
