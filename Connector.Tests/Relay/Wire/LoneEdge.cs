using System.Collections.Concurrent;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Memory;

namespace Connector.Tests.Relay.Wire;

/// <summary>An edge's link whose replica is the test.</summary>
internal sealed class LoneEdge : IEdgeLinkOwner
{
    private readonly LinkId linkId = LinkId.New();
    private readonly BootId bootId = BootId.New();
    private int lanes;

    public LoneEdge(TimeProvider time, RelayMemoryOptions? memory = null)
    {
        Memory = new RelayMemory(memory ?? new RelayMemoryOptions(Poison: true));
        Share = Memory.ForSocket(Raw.SocketId);
        Link = new EdgeLink(Hello(1), new KeyThumbprint("test"), Memory, this, time);
    }

    public RelayMemory Memory { get; }

    public SocketMemory Share { get; }

    public EdgeLink Link { get; }

    public ConcurrentQueue<LaneEnd> LostLanes { get; } = new();

    public TaskCompletionSource<string> Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Action OnServeOffered { get; set; } = static () => { };

    public Action<LaneEnd> OnLaneLost { get; set; } = static _ => { };

    public WirePeer Attach()
    {
        var (near, far) = WireEnd.Create();
        Attach(near);
        return new WirePeer(far);
    }

    public void Attach(Stream near) => Assert.True(Link.TryAttach(Hello(Interlocked.Increment(ref lanes)), near));

    public async Task<WirePeer> AttachServingAsync()
    {
        var peer = Attach();
        await peer.SendAsync(Raw.Serve(1));
        await peer.ReadUntilAsync(FrameType.ServeAck);
        return peer;
    }

    public Task<OpenOutcome> OpenAsync(CancellationToken cancellation = default) => Link.OpenAsync(Raw.Request, Share, cancellation);

    /// <summary>Ends the link if it lives; nothing may be left then.</summary>
    public async Task AssertAllBackAsync()
    {
        Link.End(GoAwayReason.Shutdown, "the test is over");
        await Eventually.IsTrue(
            () => Memory is { OutstandingBuffers: 0, UsedBytes: 0, ReservedStreams: 0 } && Link is { LiveStreams: 0, LiveLanes: 0 }, "everything is back");
    }

    ServeCode IEdgeLinkOwner.ServeOffered(EdgeLink link, SocketId socketId, long configVersion, UpstreamLamp upstream)
    {
        OnServeOffered();
        return ServeCode.Accepted;
    }

    void IEdgeLinkOwner.ServeWithdrawn(EdgeLink link, SocketId socketId)
    {
    }

    void IEdgeLinkOwner.DrainBegan(EdgeLink link, TimeSpan grace)
    {
    }

    string? IEdgeLinkOwner.TicketRenewed(EdgeLink link, string ticket) => null;

    void IEdgeLinkOwner.LaneLost(EdgeLink link, LaneEnd end)
    {
        LostLanes.Enqueue(end);
        OnLaneLost(end);
    }

    void IEdgeLinkOwner.LinkEnded(EdgeLink link, string reason) => Over.TrySetResult(reason);

    private LaneHello Hello(int lane) => new(1, 1, linkId, bootId, lane, LaneKind.Shared, new ReplicaId("replica"), "ticket", []);
}
