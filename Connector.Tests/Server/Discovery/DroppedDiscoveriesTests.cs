using Connector.Server.Discovery;
using Xunit;
using static Connector.Server.Discovery.DroppedDiscoveries;

namespace Connector.Tests.Server.Discovery;

[Trait("kind", Kinds.Pure)]
public sealed class DroppedDiscoveriesTests
{
    private static readonly HashSet<string> Listed = ["a", "b", "c"];

    [Fact]
    public void What_is_found_elsewhere_is_carried_over_and_the_rest_is_not()
        => Assert.Equal(["1"], CarriedOver([Resource("1", "a"), Resource("2", "z")], [], Listed));

    [Fact]
    public void What_the_discoverer_knows_already_is_not_carried_over()
        => Assert.Equal(["2"], CarriedOver([Resource("1", "a"), Resource("2", "b")], ["a"], Listed));

    [Fact]
    public void Of_one_identity_that_was_found_twice_the_first_is_carried_over()
        => Assert.Equal(["2"], CarriedOver([Resource("1", "a", minute: 2), Resource("2", "a", minute: 1), Resource("3", "a", minute: 3)], [], Listed));

    [Fact]
    public void Rest_waits_for_each_that_runs()
    {
        Assert.False(MayGo(["x", "y"], Known(("x", true, 0)), Found.Noon));
        Assert.False(MayGo(["x", "y"], Known(("x", true, 0), ("y", false, 0)), Found.Noon));
        Assert.True(MayGo(["x", "y"], Known(("x", true, 0), ("y", true, 0), ("dropped", false, 0)), Found.Noon));
    }

    [Fact]
    public void Rest_does_not_wait_longer_than_a_day_for_one_that_cannot_be_read()
    {
        Assert.False(MayGo(["x", "y"], Known(("x", true, 0), ("y", false, 1)), Found.Noon + Patience));
        Assert.True(MayGo(["x", "y"], Known(("x", true, 0), ("y", false, 0)), Found.Noon + Patience));
    }

    private static Dropped Resource(string id, string identity, int minute = 0) => new(id, identity, Found.Noon.AddMinutes(minute));

    private static Dictionary<string, Told> Known(params (string Id, bool Whole, int SinceMinute)[] told)
        => told.ToDictionary(static one => one.Id, static one => new Told(one.Whole, Found.Noon.AddMinutes(one.SinceMinute)));
}
