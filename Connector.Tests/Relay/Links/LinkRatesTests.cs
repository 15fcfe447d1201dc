using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;

namespace Connector.Tests.Relay.Links;

[Trait("kind", Kinds.Pure)]
public sealed class LinkRatesTests
{
    [Fact]
    public void Largest_honest_link_may_be_cut_a_hundred_times_in_a_minute()
    {
        const int streams = 16_384, sockets = 10_000, lanes = 8;
        var now = TimeSpan.Zero;
        var rates = new LinkRates(() => now);
        for (var cut = 0; cut < 100; cut++)
        {
            now = TimeSpan.FromSeconds(cut * 0.6);

            // Said when the lane dies and when its successor comes; questions, answers and last words; each new lane hears of all the dead.
            for (var i = 0; i < 2 * sockets; i++)
                rates.Take(FrameType.Serve);
            for (var left = 3 * streams; left > 0; left -= ControlFrames.MaxResumeEntries)
                rates.Take(FrameType.Resume, Math.Min(left, ControlFrames.MaxResumeEntries));
            for (var i = 0; i < streams; i++)
                rates.Take(FrameType.Reset);
            for (var i = 0; i < lanes * lanes; i++)
                rates.Take(FrameType.LaneDead);
        }
    }

    [Theory]
    [InlineData(FrameType.Serve)]
    [InlineData(FrameType.Resume)]
    [InlineData(FrameType.Reset)]
    [InlineData(FrameType.LaneDead)]
    [InlineData(FrameType.Ping)]
    internal void Flood_is_noticed(FrameType type)
    {
        var rates = new LinkRates(static () => TimeSpan.Zero);
        Assert.Throws<LaneProtocolException>(() =>
        {
            for (var i = 0; i < 2_000_000; i++)
                rates.Take(type);
        });
    }
}
