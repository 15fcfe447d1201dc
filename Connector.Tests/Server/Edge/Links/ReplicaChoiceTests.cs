using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Links;
using Connector.Server.Edge;
using Connector.Server.Edge.Links;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Server.Edge.Links;

[Trait("kind", Kinds.Pure)]
public sealed class ReplicaChoiceTests
{
    private static readonly SocketId Web = new("web");

    [Fact]
    public void No_link_means_none() => Assert.Null(ReplicaChoice.Choose([], Web, [], new Random(1)));

    [Fact]
    public void Single_link_is_taken_however_loaded()
    {
        var only = Link(streams: 1000);
        Assert.Same(only, ReplicaChoice.Choose([only], Web, [], new Random(1)));
    }

    [Fact]
    public void Draining_detached_and_not_serving_links_are_passed_over()
    {
        var good = Link(streams: 9);
        var draining = Link();
        ((FakeRelayLink)draining.Link).IsDraining = true;
        var detached = Link();
        ((FakeRelayLink)detached.Link).LiveLanes = 0;
        var other = Link();
        ((FakeRelayLink)other.Link).Served.Clear();
        for (var seed = 0; seed < 50; seed++)
        {
            Assert.Same(good, ReplicaChoice.Choose([draining, detached, good, other], Web, [], new Random(seed)));
        }
    }

    [Fact]
    public void Link_whose_lamps_are_on_comes_first_however_loaded()
    {
        var good = Link(streams: 90);
        var upstreamOff = Link();
        Assert.Equal(ServeCode.Accepted, upstreamOff.OfferServe(Web, UpstreamLamp.Off));
        var pathOff = Link();
        ((FakeRelayLink)pathOff.Link).Path = new PathProof(false, TimeSpan.FromSeconds(9));
        for (var seed = 0; seed < 50; seed++)
        {
            Assert.Same(good, ReplicaChoice.Choose([pathOff, good, upstreamOff], Web, null, new Random(seed)));
            Assert.Same(good, ReplicaChoice.Choose([good, pathOff], Web, null, new Random(seed)));
        }
    }

    [Fact]
    public void Without_a_link_whose_lamps_are_on_the_others_are_taken_as_they_are()
    {
        var pathOff = Link();
        ((FakeRelayLink)pathOff.Link).Path = default;
        Assert.Same(pathOff, ReplicaChoice.Choose([pathOff], Web, null, new Random(1)));
    }

    [Fact]
    public void Link_that_was_tried_is_not_taken_again()
    {
        var one = Link();
        var two = Link(streams: 50);
        Assert.Same(two, ReplicaChoice.Choose([one, two], Web, [one], new Random(1)));
        Assert.Null(ReplicaChoice.Choose([one], Web, [one], new Random(1)));
    }

    [Fact]
    public void Of_two_the_one_with_fewer_streams_is_taken()
    {
        var busy = Link(streams: 2);
        var idle = Link(streams: 1);
        for (var seed = 0; seed < 20; seed++)
        {
            Assert.Same(idle, ReplicaChoice.Choose([busy, idle], Web, [], new Random(seed)));
        }
    }

    [Fact]
    public void Equal_links_share_and_the_most_loaded_of_many_is_never_taken()
    {
        AdmittedLink[] links = [Link(), Link(), Link(), Link(streams: 5)];
        var counts = new int[links.Length];
        var random = new Random(7);
        for (var i = 0; i < 6000; i++)
        {
            counts[Array.IndexOf(links, ReplicaChoice.Choose(links, Web, [], random))]++;
        }

        Assert.Equal(0, counts[3]);
        Assert.All(counts[..3], count => Assert.InRange(count, 1600, 2400));
    }

    [Fact]
    public void Streams_spread_evenly()
    {
        AdmittedLink[] links = [.. Enumerable.Range(0, 5).Select(_ => Link())];
        var random = new Random(3);
        for (var i = 0; i < 5000; i++)
        {
            ((FakeRelayLink)ReplicaChoice.Choose(links, Web, [], random)!.Link).LiveStreams++;
        }

        Assert.All(links, link => Assert.InRange(link.Link.LiveStreams, 980, 1020));
    }

    [Fact]
    public void Replica_that_failed_lately_comes_after_the_others_and_is_taken_when_it_is_the_only_one()
    {
        var time = new FakeTimeProvider();
        var memory = new FailureMemory(time);
        var (failed, good) = (Link(), Link(streams: 90));
        memory.Failed(failed, Web);
        for (var seed = 0; seed < 50; seed++)
        {
            Assert.Same(good, ReplicaChoice.Choose([failed, good], Web, [], new Random(seed), memory));
        }

        Assert.Same(failed, ReplicaChoice.Choose([failed], Web, [], new Random(1), memory));
        Assert.Same(failed, ReplicaChoice.Choose([failed, good], Web, [good], new Random(1), memory));

        // A lamp says more than a memory: nothing gets through to one whose path is off.
        ((FakeRelayLink)good.Link).Path = new PathProof(false, TimeSpan.FromSeconds(9));
        Assert.Same(failed, ReplicaChoice.Choose([good, failed], Web, [], new Random(1), memory));
        ((FakeRelayLink)good.Link).Path = new PathProof(true, TimeSpan.Zero);

        time.Advance(Avoidance.Shortest);
        Assert.Same(failed, ReplicaChoice.Choose([failed, good], Web, [], new Random(1), memory));
    }

    [Fact]
    public void When_all_have_failed_they_are_taken_as_if_none_had()
    {
        var memory = new FailureMemory(new FakeTimeProvider());
        AdmittedLink[] links = [Link(streams: 3), Link(streams: 1), Link(streams: 3)];
        foreach (var link in links)
        {
            memory.Failed(link, Web);
        }

        var taken = Enumerable.Range(0, 300).Select(seed => ReplicaChoice.Choose(links, Web, [], new Random(seed), memory)!).ToList();
        Assert.True(taken.Count(link => link == links[1]) > 150);
        Assert.Contains(links[0], taken);
    }

    [Fact]
    public void Further_try_goes_to_another_connector_where_there_is_one()
    {
        AdmittedLink[] one = [Link(), Link(), Link()];
        var other = Link(streams: 50, connector: EdgeSamples.ConnectorB);
        for (var seed = 0; seed < 50; seed++)
        {
            Assert.Same(other, ReplicaChoice.Choose([.. one, other], Web, [one[0]], new Random(seed)));
            Assert.Contains(ReplicaChoice.Choose([.. one, other], Web, [other], new Random(seed)), one);
        }

        // But not to one that is known to be bad.
        Assert.Equal(ServeCode.Accepted, other.OfferServe(Web, UpstreamLamp.Off));
        Assert.Contains(ReplicaChoice.Choose([.. one, other], Web, [one[0]], new Random(1)), one[1..]);
    }

    private static AdmittedLink Link(int streams = 0, ConnectorId? connector = null)
    {
        var table = new LinkTable(new EdgeLimits(), TimeProvider.System, (_, _, _) => new FakeRelayLink());
        table.Apply(EdgeSamples.Tables(EdgeSamples.State(1, [EdgeSamples.Socket(Web.Value, connectors: [EdgeSamples.ConnectorA, EdgeSamples.ConnectorB])])));
        var fake = new FakeRelayLink { LiveLanes = 1, LiveStreams = streams };
        fake.Served.Add(Web);
        return new AdmittedLink(
            table, new LinkKey(EdgeSamples.Key, BootId.New(), LinkId.New()), new HeldTicket(new("t"), EdgeSamples.Claims(connector: connector)), _ => fake);
    }
}
