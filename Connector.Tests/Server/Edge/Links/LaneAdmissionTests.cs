using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Server.Edge;
using Connector.Server.Edge.Links;

namespace Connector.Tests.Server.Edge.Links;

[Trait("kind", Kinds.Pure)]
public sealed class LaneAdmissionTests
{
    private static readonly EdgeLimits Limits = new() { LanesPerLink = 8, LinksPerConnector = 3 };
    private static readonly LinkKey Key = new(EdgeSamples.Key, BootId.New(), LinkId.New());
    private static readonly ConnectorId Connector = EdgeSamples.ConnectorA;

    [Fact]
    public void Unknown_link_id_makes_a_link()
        => Assert.Empty(Assert.IsType<LaneVerdict.Create>(LaneAdmission.Decide(Key, Connector, [], Limits)).Superseded);

    [Fact]
    public void Known_link_is_joined()
        => Assert.IsType<LaneVerdict.Join>(LaneAdmission.Decide(Key, Connector, [new(Key, Connector, 7)], Limits));

    [Fact]
    public void Detached_link_is_joined_again()
        => Assert.IsType<LaneVerdict.Join>(LaneAdmission.Decide(Key, Connector, [new(Key, Connector, 0)], Limits));

    [Fact]
    public void Ninth_lane_is_refused()
        => Assert.Equal(RejectCode.Busy, Refusal(Key, new LinkFacts(Key, Connector, 8)).Code);

    [Fact]
    public void Known_link_id_with_another_key_is_refused()
        => Assert.Equal(RejectCode.LinkMismatch, Refusal(Key, new LinkFacts(Key with { Thumbprint = new("other") }, Connector, 1)).Code);

    [Fact]
    public void Known_link_id_with_another_boot_id_is_refused_even_when_it_has_no_lane()
        => Assert.Equal(RejectCode.LinkMismatch, Refusal(Key, new LinkFacts(Key with { BootId = BootId.New() }, Connector, 0)).Code);

    [Fact]
    public void Known_link_of_another_connector_is_refused()
        => Assert.Equal(RejectCode.LinkMismatch, Refusal(Key, new LinkFacts(Key, EdgeSamples.ConnectorB, 1)).Code);

    [Fact]
    public void New_boot_of_a_replica_ends_its_old_links_without_a_lane_and_no_others()
    {
        var dead = new LinkKey(EdgeSamples.Key, BootId.New(), LinkId.New());
        var alive = new LinkKey(EdgeSamples.Key, BootId.New(), LinkId.New());
        var sameBoot = new LinkKey(EdgeSamples.Key, Key.BootId, LinkId.New());
        var stranger = new LinkKey(new("other"), BootId.New(), LinkId.New());
        var verdict = LaneAdmission.Decide(
            Key, Connector, [new(dead, Connector, 0), new(alive, Connector, 1), new(sameBoot, Connector, 0), new(stranger, EdgeSamples.ConnectorB, 0)],
            Limits);
        Assert.Equal([dead], Assert.IsType<LaneVerdict.Create>(verdict).Superseded);
    }

    [Fact]
    public void Connector_with_all_its_links_is_refused_another_and_told_to_come_back()
    {
        var refusal = Refusal(Key, [.. Enumerable.Range(0, 3).Select(_ => new LinkFacts(new(new("k"), BootId.New(), LinkId.New()), Connector, 1))]);
        Assert.Equal(RejectCode.Busy, refusal.Code);
        Assert.True(refusal.RetryAfter > TimeSpan.Zero);
    }

    [Fact]
    public void Links_that_the_new_boot_ends_do_not_count_against_it()
        => Assert.IsType<LaneVerdict.Create>(LaneAdmission.Decide(
            Key,
            Connector,
            Enumerable.Range(0, 3).Select(_ => new LinkFacts(new(EdgeSamples.Key, BootId.New(), LinkId.New()), Connector, 0)),
            Limits));

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(1, 5, true)]
    [InlineData(2, 5, false)]
    [InlineData(0, 0, false)]
    public void Version_must_be_in_common(byte min, byte max, bool good)
        => Assert.Equal(good ? null : RejectCode.Version, LaneAdmission.CheckHello(EdgeSamples.Hello(min: min, max: max))?.Code);

    [Fact]
    public void Unknown_lane_kind_is_refused()
        => Assert.Equal(RejectCode.Protocol, LaneAdmission.CheckHello(EdgeSamples.Hello(kind: (LaneKind)9))?.Code);

    private static LaneRefusal Refusal(LinkKey key, params LinkFacts[] links)
        => Assert.IsType<LaneVerdict.Refuse>(LaneAdmission.Decide(key, Connector, links, Limits)).Refusal;
}
