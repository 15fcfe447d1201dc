using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Server.Edge;
using Connector.Server.Edge.Links;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Server.Edge.Links;

[Trait("kind", Kinds.Pure)]
public sealed class LinkTableTests
{
    private static readonly SocketId Web = new("web");
    private readonly FakeTimeProvider time = new(EdgeSamples.Now);
    private readonly KnownTickets tickets = new();
    private readonly LinkTable table;

    public LinkTableTests()
    {
        table = new LinkTable(new EdgeLimits { LanesPerLink = 2 }, time, (_, _, _) => new FakeRelayLink());
        tickets.With("ticket", EdgeSamples.Claims());
        table.Apply(EdgeSamples.Tables(EdgeSamples.State(1, [EdgeSamples.Socket()]), tickets));
    }

    [Fact]
    public void Lane_before_the_feed_has_spoken_is_refused()
    {
        var silent = new LinkTable(new EdgeLimits(), time, (_, _, _) => new FakeRelayLink());
        var refusal = silent.Admit(EdgeSamples.Hello(), EdgeSamples.Key).Refusal;

        // Not for the ticket: the replica would wait for another one.
        Assert.Equal((RejectCode.Busy, true), (refusal?.Code, refusal?.RetryAfter <= TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Second_lane_joins_the_link_of_the_first()
    {
        var hello = EdgeSamples.Hello();
        var first = Run(hello);
        var second = table.Admit(hello with { LaneNumber = 2 }, EdgeSamples.Key);
        Assert.True(second.Known);
        Assert.Same(first, second.Link);
        Assert.Equal(1, table.Count);
    }

    [Fact]
    public void Lanes_that_are_admitted_and_not_attached_yet_count()
    {
        var hello = EdgeSamples.Hello();
        table.Admit(hello, EdgeSamples.Key);
        table.Admit(hello with { LaneNumber = 2 }, EdgeSamples.Key);
        Assert.Equal(RejectCode.Busy, table.Admit(hello with { LaneNumber = 3 }, EdgeSamples.Key).Refusal?.Code);
    }

    [Fact]
    public void Known_link_id_with_another_boot_id_harms_nothing()
    {
        var hello = EdgeSamples.Hello();
        var link = Run(hello);
        var entry = table.Admit(hello with { BootId = BootId.New() }, EdgeSamples.Key);
        Assert.Equal(RejectCode.LinkMismatch, entry.Refusal?.Code);
        Assert.True(table.Contains(link));
        Assert.Null(Fake(link).Ended);
    }

    [Fact]
    public void Known_link_id_with_another_key_harms_nothing()
    {
        var hello = EdgeSamples.Hello();
        var link = Run(hello);
        tickets.With("thief", EdgeSamples.Claims("t2", replica: "r2", key: new("other")));
        var entry = table.Admit(hello with { Ticket = "thief", ReplicaId = new("r2") }, new KeyThumbprint("other"));
        Assert.Equal(RejectCode.LinkMismatch, entry.Refusal?.Code);
        Assert.Null(Fake(link).Ended);
    }

    [Fact]
    public void Stolen_ticket_without_its_key_is_refused()
        => Assert.Equal(RejectCode.KeyMismatch, table.Admit(EdgeSamples.Hello(), new KeyThumbprint("other")).Refusal?.Code);

    [Fact]
    public void New_boot_ends_the_old_link_once_it_has_no_lane()
    {
        var old = Run(EdgeSamples.Hello());
        var whileAlive = Run(EdgeSamples.Hello());
        Assert.Null(Fake(old).Ended);
        Fake(old).LiveLanes = 0;
        Run(EdgeSamples.Hello());
        Assert.NotNull(Fake(old).Ended);
        Assert.False(table.Contains(old));
        Assert.Null(Fake(whileAlive).Ended);
    }

    [Fact]
    public void Link_whose_first_lane_came_to_nothing_is_forgotten()
    {
        var entry = table.Admit(EdgeSamples.Hello(), EdgeSamples.Key);
        table.LaneSettled(entry.Link!, attached: false);
        Assert.Equal(0, table.Count);
    }

    [Fact]
    public void Link_whose_later_lane_came_to_nothing_stays()
    {
        var hello = EdgeSamples.Hello();
        var link = Run(hello);
        Fake(link).LiveLanes = 0;
        table.LaneSettled(table.Admit(hello with { LaneNumber = 2 }, EdgeSamples.Key).Link!, attached: false);
        Assert.True(table.Contains(link));
    }

    [Fact]
    public void Revoked_ticket_ends_its_link_and_no_other()
    {
        tickets.With("other", EdgeSamples.Claims("t2", replica: "r2", key: new("k2")));
        var revoked = Run(EdgeSamples.Hello());
        var other = Run(EdgeSamples.Hello("other", replica: "r2"), new KeyThumbprint("k2"));
        table.Apply(EdgeSamples.Tables(EdgeSamples.State(2, [EdgeSamples.Socket()], revoked: ["t1"]), tickets));
        Assert.Equal(GoAwayReason.Revoked, Fake(revoked).Ended?.Reason);
        Assert.Null(Fake(other).Ended);
    }

    [Fact]
    public void Deleted_connector_loses_its_links()
    {
        var link = Run(EdgeSamples.Hello());
        table.Apply(EdgeSamples.Tables(EdgeSamples.State(2, [], connectors: [EdgeSamples.ConnectorB]), tickets));
        Assert.Equal(GoAwayReason.Revoked, Fake(link).Ended?.Reason);
    }

    [Fact]
    public void Ticket_whose_key_is_gone_loses_its_link()
    {
        var link = Run(EdgeSamples.Hello());
        table.Apply(EdgeSamples.Tables(EdgeSamples.State(2, [EdgeSamples.Socket()], keys: ["k2"]), new KnownTickets()));
        Assert.Equal(GoAwayReason.Revoked, Fake(link).Ended?.Reason);
    }

    [Fact]
    public void Removed_socket_is_withdrawn_and_others_stay()
    {
        var state = EdgeSamples.State(2, [EdgeSamples.Socket("web"), EdgeSamples.Socket("ssh")]);
        table.Apply(EdgeSamples.Tables(state, tickets));
        var link = Run(EdgeSamples.Hello());
        table.Apply(EdgeSamples.Tables(EdgeSamples.State(3, [EdgeSamples.Socket("ssh")]), tickets));
        Assert.Equal([(Web, ResetCode.Policy)], Fake(link).Withdrawn);
        Assert.Null(Fake(link).Ended);
    }

    [Fact]
    public void Socket_that_goes_to_another_connector_is_withdrawn()
    {
        var link = Run(EdgeSamples.Hello());
        table.Apply(EdgeSamples.Tables(EdgeSamples.State(2, [EdgeSamples.Socket(connectors: [EdgeSamples.ConnectorB])]), tickets));
        Assert.Equal([(Web, ResetCode.Policy)], Fake(link).Withdrawn);
        Assert.Equal(ServeCode.Forbidden, link.OfferServe(Web));
    }

    [Fact]
    public void Expired_ticket_ends_the_link_unless_it_was_renewed()
    {
        tickets.With("other", EdgeSamples.Claims("t2", replica: "r2", key: new("k2")));
        tickets.With("newer", EdgeSamples.Claims("t3", expires: EdgeSamples.Now.AddHours(48)));
        var renewed = Run(EdgeSamples.Hello());
        var expired = Run(EdgeSamples.Hello("other", replica: "r2"), new KeyThumbprint("k2"));
        Assert.Null(table.Renew(renewed, "newer"));
        time.Advance(TimeSpan.FromHours(25));
        table.EndExpired();
        Assert.Null(Fake(renewed).Ended);
        Assert.Contains("expired", Fake(expired).Ended?.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Renewal_with_a_bad_ticket_is_refused_and_the_link_lives()
    {
        tickets.With("foreign", EdgeSamples.Claims("t9", connector: EdgeSamples.ConnectorB));
        tickets.With("stolen", EdgeSamples.Claims("t8", key: new("other")));
        var link = Run(EdgeSamples.Hello());
        Assert.Contains("signature", table.Renew(link, "nonsense"), StringComparison.Ordinal);
        Assert.Contains("connector", table.Renew(link, "foreign"), StringComparison.Ordinal);
        Assert.Contains("key", table.Renew(link, "stolen"), StringComparison.Ordinal);
        Assert.Null(Fake(link).Ended);
        Assert.Equal("t1", link.Ticket.Claims.TicketId);
    }

    [Fact]
    public void Choice_takes_only_links_of_the_sockets_connectors()
    {
        tickets.With("other", EdgeSamples.Claims("t2", connector: EdgeSamples.ConnectorB, replica: "r2", key: new("k2")));
        var foreign = Run(EdgeSamples.Hello("other", replica: "r2"), new KeyThumbprint("k2"));
        Fake(foreign).Served.Add(Web);
        Assert.Null(table.Choose(EdgeSamples.Socket()));
        Assert.Same(foreign, table.Choose(EdgeSamples.Socket(connectors: [EdgeSamples.ConnectorA, EdgeSamples.ConnectorB])));
    }

    [Fact]
    public void Description_joins_the_links_of_one_process()
    {
        var boot = BootId.New();
        var one = Run(EdgeSamples.Hello(boot: boot));
        var two = Run(EdgeSamples.Hello(boot: boot));
        Fake(one).LiveStreams = 3;
        Fake(two).LiveStreams = 4;
        Fake(two).Served.Add(Web);
        var replica = Assert.Single(table.Describe(EdgeSamples.ConnectorA));
        Assert.Equal((2, 7, false), (replica.Lanes, replica.LiveStreams, replica.Draining));
        Assert.Equal([Web], replica.Sockets);
    }

    [Fact]
    public void Closed_table_ends_all_links_and_admits_none()
    {
        var link = Run(EdgeSamples.Hello());
        table.Close("the edge is stopping");
        Assert.Equal(GoAwayReason.Shutdown, Fake(link).Ended?.Reason);
        Assert.Equal(RejectCode.Draining, table.Admit(EdgeSamples.Hello(), EdgeSamples.Key).Refusal?.Code);
    }

    private static FakeRelayLink Fake(AdmittedLink link) => (FakeRelayLink)link.Link;

    private AdmittedLink Run(LaneHello hello, KeyThumbprint? key = null)
    {
        var entry = table.Admit(hello, key ?? EdgeSamples.Key);
        Assert.Null(entry.Refusal);
        entry.Link!.Link.TryAttach(hello, Stream.Null);
        table.LaneSettled(entry.Link, attached: true);
        return entry.Link;
    }
}
