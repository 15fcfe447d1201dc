using Connector.Host.Dev;
using Xunit;

namespace Connector.Tests.Host.Dev;

[Trait("kind", Kinds.Pure)]
public sealed class RestartPolicyTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1.9);

    [Fact]
    public void Process_that_lived_is_started_again_soon_every_time()
    {
        var policy = new RestartPolicy();

        Assert.All(Enumerable.Range(0, 20), _ => Assert.Equal(TimeSpan.FromSeconds(0.2), Assert.IsType<RestartDecision.After>(policy.Ended(Long)).Wait));
    }

    [Fact]
    public void Process_that_cannot_begin_is_tried_later_and_later_and_given_up_at_the_fifth_time()
    {
        var policy = new RestartPolicy();

        Assert.Equal([0.4, 0.8, 1.6, 3.2], Enumerable.Range(0, 4).Select(_ => Assert.IsType<RestartDecision.After>(policy.Ended(Short)).Wait.TotalSeconds));
        Assert.Contains("5 times in a row", Assert.IsType<RestartDecision.GiveUp>(policy.Ended(Short)).Reason);
    }

    [Fact]
    public void One_life_that_lasted_forgets_the_short_ones()
    {
        var policy = new RestartPolicy();
        for (var i = 0; i < 4; i++)
        {
            policy.Ended(Short);
        }

        policy.Ended(RestartPolicy.ShortLife);

        Assert.Equal(0.4, Assert.IsType<RestartDecision.After>(policy.Ended(Short)).Wait.TotalSeconds);
    }
}
