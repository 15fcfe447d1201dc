using Connector.Actors.Health;
using Connector.Protocol.Ids;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Connector.Tests.Actors.Health;

[Trait("kind", Kinds.Pure)]
public sealed class RunningStreamsTests
{
    [Fact]
    public void Count_and_age_of_the_oldest_follow_begin_and_end()
    {
        var time = new FakeTimeProvider();
        var streams = new RunningStreams(time);
        Assert.Equal((0, TimeSpan.Zero), (streams.State().Count, streams.State().Oldest));

        var (first, second) = (new TaskCompletionSource(), new TaskCompletionSource());
        streams.Track(new SocketId("a"), first.Task);
        time.Advance(TimeSpan.FromSeconds(5));
        streams.Track(new SocketId("b"), second.Task);
        time.Advance(TimeSpan.FromSeconds(1));

        var both = streams.State();
        Assert.Equal((2, TimeSpan.FromSeconds(6), 1), (both.Count, both.Oldest, both.PerSocket[new SocketId("a")]));

        first.SetException(new InvalidOperationException("its actor crashed"));
        Assert.Equal((1, TimeSpan.FromSeconds(1)), (streams.State().Count, streams.State().Oldest));
        second.SetCanceled(TestContext.Current.CancellationToken);
        Assert.Equal(0, streams.State().Count);
    }

    [Fact]
    public void Stream_that_has_ended_already_is_not_counted()
    {
        var streams = new RunningStreams();

        streams.Track(new SocketId("a"), Task.CompletedTask);

        Assert.Equal(0, streams.State().Count);
    }
}
