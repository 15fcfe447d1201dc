using Connector.Protocol.Ids;
using Connector.Relay.Accounting;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Tests.Relay.Wire;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Relay.Accounting;

/// <summary>What a link counts of its lanes and of a peer that breaks the protocol.</summary>
[Trait("kind", Kinds.Stream)]
public sealed class LinkMetricsTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Lanes_and_links_count_from_their_beginning_to_their_end()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (first, _) = replica.Attach();
        replica.Attach();
        first.Abort("cut by the test");
        await first.Completion.WaitAsync(Long);
        var metrics = replica.Memory.Metrics;
        Assert.Equal((1L, 0L, 2L, 1L), (metrics.LinksBegun, metrics.LinksEnded, metrics.LanesAttached, metrics.LanesLost(LaneEndKind.Local)));
        await replica.AssertAllBackAsync();
        await replica.AssertAllBackAsync();
        Assert.Equal((1L, 2L), (metrics.LinksEnded, metrics.AllLanesLost()));
    }

    [Fact]
    public async Task Data_beyond_the_limit_counts()
        => await AssertViolationAsync(ProtocolViolation.BeyondLimit, Raw.Data(1, 1L << 40, new byte[10]));

    [Fact]
    public async Task Contradicting_fin_counts()
        => await AssertViolationAsync(ProtocolViolation.ContradictingFin, Raw.Fin(1, 15), Raw.Fin(1, 16));

    [Fact]
    public async Task Data_behind_the_end_counts()
        => await AssertViolationAsync(ProtocolViolation.BadOffset, Raw.Fin(1, 5), Raw.Data(1, 0, new byte[10]));

    [Fact]
    public async Task Second_hello_counts()
        => await AssertViolationAsync(
            ProtocolViolation.SecondHello,
            ControlFrames.Hello(new LaneHello(1, 1, LinkId.New(), BootId.New(), 1, LaneKind.Shared, new ReplicaId("r"), "ticket", [])));

    [Fact]
    public async Task Frame_that_only_the_other_end_sends_counts()
        => await AssertViolationAsync(ProtocolViolation.MisplacedFrame, Raw.Serve(1));

    [Fact]
    public async Task Refused_open_counts_by_its_code()
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (_, peer) = replica.Attach();
        await peer.SendAsync(Raw.Open(1));
        (await replica.OfferAsync()).Refuse(RefusalCode.Forbidden, "not there");
        await peer.ReadUntilAsync(FrameType.Refused);
        Assert.Equal(1, replica.Memory.Metrics.Refused(RefusalCode.Forbidden));
        await replica.AssertAllBackAsync();
    }

    private static async Task AssertViolationAsync(ProtocolViolation kind, params byte[][] frames)
    {
        var replica = new LoneReplica(new FakeTimeProvider());
        var (lane, peer) = replica.Attach();
        await replica.OpenAsync(peer, 1);
        await peer.SendAsync(frames);
        Assert.Equal(LaneEndKind.Protocol, (await lane.Completion.WaitAsync(Long)).Kind);
        var metrics = replica.Memory.Metrics;
        Assert.Equal((1L, 1L), (metrics.ViolationsOf(kind), metrics.LanesLost(LaneEndKind.Protocol)));
        Assert.Equal(1L, Enum.GetValues<ProtocolViolation>().Sum(metrics.ViolationsOf));
        await replica.AssertAllBackAsync();
    }
}
