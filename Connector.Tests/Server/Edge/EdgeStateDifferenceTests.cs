using Connector.Protocol.Ids;
using Connector.Server.Edge;
using Connector.Server.Feed;

namespace Connector.Tests.Server.Edge;

[Trait("kind", Kinds.Pure)]
public sealed class EdgeStateDifferenceTests
{
    [Fact]
    public void Only_what_differs_is_named()
    {
        EdgeSocket[] present = [EdgeSamples.Socket("same"), EdgeSamples.Socket("moved", port: 1), EdgeSamples.Socket("gone")];
        var difference = EdgeStateDifference.Between(
            present.ToDictionary(socket => socket.Id),
            [EdgeSamples.Socket("same"), EdgeSamples.Socket("moved", port: 2), EdgeSamples.Socket("new")]);
        Assert.Equal([EdgeSamples.Socket("new")], difference.Added);
        Assert.Equal([EdgeSamples.Socket("moved", port: 2)], difference.Changed);
        Assert.Equal([new SocketId("gone")], difference.Removed);
    }

    [Fact]
    public void Socket_named_twice_is_taken_once()
        => Assert.Single(EdgeStateDifference.Between(
            new Dictionary<SocketId, EdgeSocket>(), [EdgeSamples.Socket("web", port: 1), EdgeSamples.Socket("web", port: 2)]).Added);

    [Theory]
    [InlineData("one", 5, "one", 4, true)]
    [InlineData("one", 4, "one", 4, true)]
    [InlineData("one", 3, "one", 4, false)]
    [InlineData("two", 1, "one", 4, true)]
    public void Older_state_of_the_same_incarnation_does_not_follow(string next, long number, string present, long presentNumber, bool follows)
        => Assert.Equal(follows, EdgeStateDifference.Follows(new(next, number), new(present, presentNumber)));
}
