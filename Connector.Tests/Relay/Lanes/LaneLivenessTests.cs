using Connector.Relay.Lanes;

namespace Connector.Tests.Relay.Lanes;

[Trait("kind", Kinds.Pure)]
public sealed class LaneLivenessTests
{
    [Fact]
    public void Quiet_lane_pings_every_800_ms_and_is_dead_after_2400_ms_of_silence()
    {
        var liveness = new LaneLiveness(TimeSpan.Zero);
        var pings = 0;
        for (var ms = 100; ms <= 2400; ms += 100)
        {
            var verdict = liveness.Check(TimeSpan.FromMilliseconds(ms));
            Assert.NotEqual(LaneVerdict.Silent, verdict);
            if (verdict == LaneVerdict.Ping)
                pings++;
        }

        Assert.Equal(3, pings);
        Assert.Equal(LaneVerdict.Silent, liveness.Check(TimeSpan.FromMilliseconds(2500)));
    }

    [Fact]
    public void Any_byte_is_life()
    {
        var liveness = new LaneLiveness(TimeSpan.Zero);
        for (var ms = 100; ms < 60_000; ms += 100)
        {
            if (ms % 2000 == 0)
                liveness.Heard(TimeSpan.FromMilliseconds(ms));
            Assert.NotEqual(LaneVerdict.Silent, liveness.Check(TimeSpan.FromMilliseconds(ms)));
        }
    }

    [Fact]
    public void Check_that_comes_late_blames_nobody()
    {
        var liveness = new LaneLiveness(TimeSpan.Zero);
        liveness.WriteBegan(TimeSpan.Zero);
        Assert.Equal(LaneVerdict.Alive, liveness.Check(TimeSpan.FromMilliseconds(100)));
        Assert.Equal(LaneVerdict.Ping, liveness.Check(TimeSpan.FromSeconds(60)));
        Assert.Equal(LaneVerdict.Alive, liveness.Check(TimeSpan.FromSeconds(60.1)));
        for (var ms = 60_200; ms <= 62_400; ms += 100)
            Assert.NotEqual(LaneVerdict.Silent, liveness.Check(TimeSpan.FromMilliseconds(ms)));
        Assert.Equal(LaneVerdict.Silent, liveness.Check(TimeSpan.FromMilliseconds(62_500)));
    }

    [Fact]
    public void Write_that_stalls_for_10_s_kills_the_lane_although_bytes_come_in()
    {
        var liveness = new LaneLiveness(TimeSpan.Zero);
        liveness.WriteBegan(TimeSpan.Zero);
        var verdict = LaneVerdict.Alive;
        for (var ms = 100; ms <= 10_100; ms += 100)
        {
            Assert.Equal(LaneVerdict.Alive, verdict);
            liveness.Heard(TimeSpan.FromMilliseconds(ms));
            verdict = liveness.Check(TimeSpan.FromMilliseconds(ms));
        }

        Assert.Equal(LaneVerdict.WriteStalled, verdict);
    }

    [Fact]
    public void Bucket_gives_its_burst_then_its_rate()
    {
        var bucket = new TokenBucket(perSecond: 10, burst: 5);
        var now = TimeSpan.FromSeconds(1);
        Assert.Equal(5, Enumerable.Range(0, 20).Count(_ => bucket.TryTake(now)));
        Assert.Equal(3, Enumerable.Range(0, 20).Count(_ => bucket.TryTake(now + TimeSpan.FromSeconds(0.31))));
        Assert.Equal(5, Enumerable.Range(0, 20).Count(_ => bucket.TryTake(now + TimeSpan.FromHours(1))));
    }
}
