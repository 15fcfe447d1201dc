using Connector.Protocol.Ids;
using Connector.Server.Feed;
using Connector.Tests.Server.Edge;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Server.Feed;

[Trait("kind", Kinds.Pure)]
public sealed class EdgeObservationsTests
{
    private static readonly EdgeId One = new("one");
    private static readonly EdgeId Two = new("two");
    private static readonly SocketId Web = new("web");
    private static readonly SocketId Ssh = new("ssh");
    private static readonly BootId Boot = BootId.New();

    private readonly FakeTimeProvider time = new(FeedSamples.Time);
    private readonly EdgeObservations observations;

    public EdgeObservationsTests() => observations = new EdgeObservations(time);

    [Fact]
    public void Edges_are_kept_apart()
    {
        observations.Of(One).Note(Web, new ListenerState(20_000, null));
        observations.Of(Two).Note(Web, new ListenerState(20_000, "in use"));
        observations.Of(One).Note(EdgeSamples.ConnectorA, FeedSamples.Links(EdgeSamples.ConnectorA, Boot, Web).Replicas);
        Assert.Null(observations.Find(One)!.Listener(Web)!.Failure);
        Assert.Equal("in use", observations.Find(Two)!.Listener(Web)!.Failure);
        Assert.Single(observations.Find(One)!.Links(EdgeSamples.ConnectorA));
        Assert.Empty(observations.Find(Two)!.Links(EdgeSamples.ConnectorA));
        time.Advance(TimeSpan.FromSeconds(3));
        observations.Of(Two).Hear();
        Assert.Equal((3, 0), (observations.Find(One)!.Silence.TotalSeconds, observations.Find(Two)!.Silence.TotalSeconds));
        observations.Forget(One);
        Assert.Null(observations.Find(One));
        Assert.NotNull(observations.Find(Two));
    }

    [Fact]
    public void What_is_not_told_again_is_over_when_the_telling_is_complete()
    {
        var edge = observations.Of(One);
        edge.Note(Web, new ListenerState(1, null));
        edge.Note(Ssh, new ListenerState(2, null));
        edge.Note(EdgeSamples.ConnectorA, FeedSamples.Links(EdgeSamples.ConnectorA, Boot).Replicas);
        edge.BeginTelling();
        edge.Note(Web, new ListenerState(1, null));
        Assert.NotNull(edge.Listener(Ssh));
        edge.EndTelling();
        Assert.NotNull(edge.Listener(Web));
        Assert.Null(edge.Listener(Ssh));
        Assert.Empty(edge.Links(EdgeSamples.ConnectorA));
    }

    [Fact]
    public void Live_sessions_of_an_edge_that_came_back_are_those_that_it_names_again()
    {
        var sessions = new LiveSessions();
        var (kept, gone, other) = (FeedSamples.Session(edge: One), FeedSamples.Session(edge: One), FeedSamples.Session(edge: Two));
        sessions.Add(kept);
        sessions.Add(gone);
        sessions.Add(other);
        sessions.BeginTelling(One);
        sessions.Add(kept);
        sessions.EndTelling(One);
        Assert.Equal(new[] { kept, other }.Select(session => session.Id).Order(), sessions.Matching(new(null, null, null, null, null, null)).Select(session => session.Id).Order());
        sessions.Forget(Two);
        Assert.Equal(1, sessions.Count);
    }

    [Fact]
    public void Sockets_and_connectors_that_are_deleted_are_forgotten_on_every_edge()
    {
        foreach (var edge in (EdgeId[])[One, Two])
        {
            observations.Of(edge).Note(Web, new ListenerState(1, null));
            observations.Of(edge).Note(EdgeSamples.ConnectorA, FeedSamples.Links(EdgeSamples.ConnectorA, Boot).Replicas);
        }

        observations.Keep(EdgeSamples.State(1, [], connectors: []));
        Assert.All(observations.All, edge => Assert.Null(edge.Listener(Web)));
        Assert.All(observations.All, edge => Assert.Empty(edge.Links(EdgeSamples.ConnectorA)));
    }
}
