using Connector.Server.Discovery;
using Xunit;

namespace Connector.Tests.Server.Discovery;

[Trait("kind", Kinds.Pure)]
public sealed class MissCountTests
{
    [Fact]
    public void First_miss_counts_at_once()
        => Assert.Equal((1, Found.Noon), Counted(MissCount.Missed(Seen(), Found.Noon)));

    [Fact]
    public void Next_miss_counts_after_the_distance_and_not_before()
    {
        var once = MissCount.Missed(Seen(), Found.Noon);

        Assert.Equal((1, Found.Noon), Counted(MissCount.Missed(once, Found.Noon)));
        Assert.Equal((1, Found.Noon), Counted(MissCount.Missed(once, Found.Noon + MissCount.Distance - TimeSpan.FromMilliseconds(1))));
        Assert.Equal((2, Found.Noon + MissCount.Distance), Counted(MissCount.Missed(once, Found.Noon + MissCount.Distance)));
    }

    [Fact]
    public void Each_scan_of_the_shortest_interval_counts()
    {
        // Ten per cent sooner is the soonest.
        var resource = Seen();
        for (var scan = 0; scan < 5; scan++)
        {
            resource = MissCount.Missed(resource, Found.Noon + (TimeSpan.FromMinutes(0.9) * scan));
        }

        Assert.Equal(5, resource.Missed);
    }

    [Fact]
    public void Clock_that_is_set_back_counts_nothing_and_holds_nothing_up()
    {
        var ahead = MissCount.Missed(Seen(), Found.Noon.AddMinutes(50));
        var back = MissCount.Missed(ahead, Found.Noon);

        Assert.Equal((1, Found.Noon), Counted(back));
        Assert.Equal(2, MissCount.Missed(back, Found.Noon.AddMinutes(1)).Missed);
    }

    [Fact]
    public void Misses_of_a_store_that_did_not_know_when_go_on()
        => Assert.Equal((3, Found.Noon), Counted(MissCount.Missed(Seen() with { Missed = 2 }, Found.Noon)));

    [Fact]
    public void Count_is_bounded() => Assert.Equal(1_000, MissCount.Missed(Seen() with { Missed = 1_000 }, Found.Noon).Missed);

    private static KnownResource Seen() => new("i", "docker_container", "n", "{}", Found.Noon, Found.Noon, Found.Noon, 0, false);

    private static (int Missed, DateTimeOffset? At) Counted(KnownResource resource) => (resource.Missed, resource.MissedAt);
}
