using Connector.Relay.Lanes;
using Connector.Relay.Streams;

namespace Connector.Tests.Relay.Streams;

[Trait("kind", Kinds.Pure)]
public sealed class WindowTests
{
    [Theory]
    [InlineData(0, 10, 10, true)]
    [InlineData(40, 10, 10, true)]
    [InlineData(45, 10, 5, true)]
    [InlineData(50, 10, 0, true)]
    [InlineData(51, 10, 0, false)]
    public void Judge_says_what_is_known_and_what_is_next(long offset, int length, int skip, bool isNext)
    {
        var window = new ReceiveWindow(100);
        window.Take(50);
        Assert.Equal((skip, isNext), window.Judge(offset, length));
    }

    [Fact]
    public void Data_beyond_the_limit_breaks_the_protocol()
    {
        var window = new ReceiveWindow(100);
        window.Judge(90, 10);
        Assert.Throws<LaneProtocolException>(() => window.Judge(91, 10));
    }

    [Fact]
    public void Contradicting_final_offsets_break_the_protocol()
    {
        var window = new ReceiveWindow(100);
        window.Take(10);
        Assert.Throws<LaneProtocolException>(() => window.Fin(9));
        Assert.Throws<LaneProtocolException>(() => window.Fin(101));
        window.Fin(20);
        window.Fin(20);
        Assert.Throws<LaneProtocolException>(() => window.Fin(21));
        Assert.Throws<LaneProtocolException>(() => window.Judge(15, 6));
        Assert.False(window.AllReceived);
        window.Take(10);
        Assert.True(window.AllReceived);
    }

    [Fact]
    public void Fin_takes_one_virtual_byte_and_only_when_all_was_consumed()
    {
        var window = new ReceiveWindow(100);
        window.Take(10);
        window.Fin(10);
        window.ConsumeFin();
        Assert.Equal(0, window.Consumed);
        window.Consume(10);
        window.ConsumeFin();
        window.ConsumeFin();
        Assert.Equal(11, window.Consumed);
    }

    [Fact]
    public void Credit_only_grows_and_may_not_acknowledge_what_was_not_sent()
    {
        var window = new SendWindow(100);
        window.Send(50);
        window.Credit(40, 300);
        window.Credit(10, 200);
        Assert.Equal((40, 300, 250), (window.Consumed, window.Limit, window.Sendable));
        Assert.Throws<LaneProtocolException>(() => window.Credit(51, 300));
        window.Fin();
        Assert.False(window.AllConsumed);
        window.Credit(51, 300);
        Assert.True(window.AllConsumed);
        Assert.Throws<LaneProtocolException>(() => window.Credit(52, 300));
    }

    [Fact]
    public void Window_grows_to_twice_the_delivery_of_a_round_trip_within_bounds()
    {
        const long window = WindowGrowth.Initial;
        var second = TimeSpan.FromSeconds(1);
        Assert.Equal(25_000_000, WindowGrowth.Target(window, 125_000_000, second, TimeSpan.FromMilliseconds(100)));
        Assert.Equal(window, WindowGrowth.Target(window, 1000, second, TimeSpan.FromMilliseconds(100)));
        Assert.Equal(WindowGrowth.Maximum, WindowGrowth.Target(window, long.MaxValue / 8, second, second));
        Assert.Equal(window, WindowGrowth.Target(window, 125_000_000, second, TimeSpan.Zero));
    }
}
