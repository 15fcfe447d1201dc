using Connector.Server.Edge.Links;

namespace Connector.Tests.Server.Edge.Links;

[Trait("kind", Kinds.Pure)]
public sealed class AvoidanceTests
{
    [Fact]
    public void Each_failure_after_a_probation_doubles_the_time_up_to_a_minute()
    {
        var now = TimeSpan.FromHours(1);
        var avoidance = Avoidance.After(null, now);
        var lengths = new List<double>();
        for (var i = 0; i < 7; i++)
        {
            lengths.Add((avoidance.Until - now).TotalSeconds);
            now = avoidance.Until;
            avoidance = Avoidance.After(avoidance, now);
        }

        Assert.Equal([5, 10, 20, 40, 60, 60, 60], lengths);
    }

    [Fact]
    public void Failures_that_were_under_way_together_count_as_one()
    {
        var first = Avoidance.After(null, TimeSpan.Zero);
        var after = first;
        for (var i = 0; i < 100; i++)
        {
            after = Avoidance.After(after, TimeSpan.FromSeconds(4.9));
        }

        Assert.Equal(first, after);
    }

    [Fact]
    public void Long_after_its_end_it_is_forgotten_and_the_next_failure_is_a_first_one()
    {
        var avoidance = Avoidance.After(Avoidance.After(null, TimeSpan.Zero), TimeSpan.FromSeconds(5));
        Assert.Equal(2, avoidance.Failures);
        var later = avoidance.Until + Avoidance.Memory;
        Assert.True(avoidance.IsForgotten(later));
        Assert.False(avoidance.IsForgotten(later - TimeSpan.FromTicks(1)));
        Assert.Equal(new Avoidance(1, later + Avoidance.Shortest), Avoidance.After(avoidance, later));
    }
}
