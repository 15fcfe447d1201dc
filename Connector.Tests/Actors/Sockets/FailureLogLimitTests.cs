using Connector.Actors.Sockets;
using Xunit;

namespace Connector.Tests.Actors.Sockets;

[Trait("kind", Kinds.Pure)]
public sealed class FailureLogLimitTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private readonly FailureLogLimit limit = new(perWindow: 2, TimeSpan.FromSeconds(10));

    [Fact]
    public void Records_beyond_the_window_s_share_are_counted_for_the_next_one()
    {
        Assert.True(limit.TryWrite(Noon, out _));
        Assert.True(limit.TryWrite(Noon, out _));
        Assert.False(limit.TryWrite(Noon.AddSeconds(9), out _));
        Assert.True(limit.TryWrite(Noon.AddSeconds(10), out var suppressed));
        Assert.Equal(1, suppressed);
    }

    [Fact]
    public void Clock_that_is_set_back_silences_nothing()
    {
        limit.TryWrite(Noon, out _);
        limit.TryWrite(Noon, out _);
        Assert.True(limit.TryWrite(Noon.AddHours(-1), out _));
    }
}
