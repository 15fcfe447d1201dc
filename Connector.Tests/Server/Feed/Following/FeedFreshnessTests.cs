using Connector.Protocol.Ids;
using Connector.Server.Edge.Health;
using Connector.Server.Feed.Following;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Server.Feed.Following;

[Trait("kind", Kinds.Pure)]
public sealed class FeedFreshnessTests
{
    private static readonly DesiredStateVersion One = new("inc", 1);

    private readonly FakeTimeProvider time = new(FeedSamples.Time);
    private readonly FeedFreshness freshness;

    public FeedFreshnessTests() => freshness = new FeedFreshness(time, FeedFreshness.TooOldAfter);

    [Fact]
    public void Silence_of_three_seconds_is_stale_and_each_change_is_said_once()
    {
        Assert.Equal(FeedConditionState.Waiting, freshness.Now.State);
        Assert.Null(freshness.Check());
        freshness.Heard(One);
        Assert.Equal(FeedConditionState.Fresh, freshness.Check()!.State);
        Assert.Null(freshness.Check());
        time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Null(freshness.Check());
        time.Advance(TimeSpan.FromSeconds(0.1));
        freshness.Lost("cable");
        var stale = freshness.Check()!;
        Assert.Equal((FeedConditionState.Stale, "cable", FeedSamples.Time, One), (stale.State, stale.Reason, stale.HeardAt!.Value, stale.Version!.Value));
        Assert.Equal(FeedSamples.Time.AddSeconds(3), stale.Since);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Null(freshness.Check());
        freshness.Heard();
        Assert.Equal((FeedConditionState.Fresh, ""), (freshness.Check()!.State, freshness.Now.Reason));
    }

    [Fact]
    public void State_of_the_disk_is_stale_until_the_control_plane_is_heard()
    {
        freshness.Restored(One, FeedSamples.Time.AddSeconds(-1));
        Assert.Equal(FeedConditionState.Stale, freshness.Now.State);
        Assert.Null(freshness.Check());
        freshness.Heard(One);
        Assert.Equal(FeedConditionState.Fresh, freshness.Check()!.State);
    }

    [Fact]
    public void Longer_than_tickets_live_is_too_old_counted_over_restarts()
    {
        freshness.Restored(One, FeedSamples.Time.AddHours(-23));
        Assert.Null(freshness.Check());
        time.Advance(TimeSpan.FromMinutes(59));
        Assert.Null(freshness.Check());
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(FeedConditionState.TooOld, freshness.Check()!.State);
        freshness.Heard(One);
        Assert.Equal(FeedConditionState.Fresh, freshness.Check()!.State);

        var old = new FeedFreshness(time, FeedFreshness.TooOldAfter);
        old.Restored(One, time.GetUtcNow().AddDays(-2));
        Assert.Equal(FeedConditionState.TooOld, old.Now.State);

        // A clock that was set back.
        var ahead = new FeedFreshness(time, FeedFreshness.TooOldAfter);
        ahead.Restored(One, time.GetUtcNow().AddDays(2));
        Assert.Equal(FeedConditionState.Stale, ahead.Now.State);
    }

    [Fact]
    public void Stale_is_ready_and_says_since_when_and_nothing_else_is_without_a_state()
    {
        Assert.False(EdgeReadiness.Ready(freshness.Now).Good);
        Assert.Contains("never heard", EdgeReadiness.Ready(freshness.Now).Text, StringComparison.Ordinal);
        freshness.Restored(One, FeedSamples.Time.AddHours(-1));
        freshness.Lost("connection refused");
        var (good, text) = EdgeReadiness.Ready(freshness.Now);
        Assert.True(good);
        Assert.Contains("not heard since 2030-01-02T02:04:05.000Z: connection refused", text, StringComparison.Ordinal);
        freshness.Heard(One);
        freshness.Check();
        Assert.Equal((true, "ready"), EdgeReadiness.Ready(freshness.Now));
        time.Advance(FeedFreshness.TooOldAfter);
        freshness.Check();
        Assert.False(EdgeReadiness.Ready(freshness.Now).Good);
    }

    [Fact]
    public void Waits_grow_with_jitter_and_a_refused_credential_is_not_shown_often()
    {
        foreach (var random in (double[])[0, 0.5, 0.999])
        {
            var reconnect = new FeedReconnect(() => random);
            for (var i = 0; i < 50; i++)
            {
                Assert.InRange(reconnect.Next(new FeedFailure(FeedFailureKind.Unreachable, "")), FeedReconnect.Shortest, FeedReconnect.Longest);
            }

            Assert.InRange(reconnect.Next(new FeedFailure(FeedFailureKind.Refused, "")), FeedReconnect.ShortestRefused, FeedReconnect.LongestRefused);
            Assert.InRange(reconnect.Next(new FeedFailure(FeedFailureKind.Ended, "", TimeSpan.FromSeconds(5))), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5.5));
            reconnect.Reset();
            Assert.InRange(reconnect.Next(new FeedFailure(FeedFailureKind.Ended, "")), FeedReconnect.Shortest, FeedReconnect.Ceiling(1));
        }

        Assert.Equal(FeedReconnect.Longest, FeedReconnect.Ceiling(1000));
    }
}
