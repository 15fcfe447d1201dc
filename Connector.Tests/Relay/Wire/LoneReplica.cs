using System.Threading.Channels;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Tests.Relay.Wire;

/// <summary>A replica's link whose edge is the test.</summary>
internal sealed class LoneReplica : IReplicaLinkOwner
{
    private readonly Channel<OfferedStream> offers = Channel.CreateUnbounded<OfferedStream>();

    public LoneReplica(TimeProvider time, RelayMemoryOptions? memory = null)
    {
        Memory = new RelayMemory(memory ?? new RelayMemoryOptions(Poison: true));
        Share = Memory.ForSocket(Raw.SocketId);
        Link = new ReplicaLink(BootId.New(), Memory, this, time);
        OnOffered = offer => offers.Writer.TryWrite(offer);
    }

    public RelayMemory Memory { get; }

    public SocketMemory Share { get; }

    public ReplicaLink Link { get; }

    public Action<OfferedStream> OnOffered { get; set; }

    public TaskCompletionSource<uint> DrainAnswer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Action OnServeAnswered { get; set; } = static () => { };

    public (Lane Lane, WirePeer Peer) Attach()
    {
        var (near, far) = WireEnd.Create();
        return (Attach(near), new WirePeer(far));
    }

    public Lane Attach(Stream near) => Link.Attach(Link.NextLaneNumber(), LaneKind.Shared, near);

    public Task<OfferedStream> OfferAsync() => offers.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    public async Task<RelayStream> OpenAsync(WirePeer peer, uint id, long limit = 1 << 20)
    {
        await peer.SendAsync(Raw.Open(id, limit));
        var stream = (await OfferAsync()).Open(Share);
        Assert.NotNull(stream);
        await peer.ReadUntilAsync(FrameType.Opened);
        return stream;
    }

    public async Task AssertAllBackAsync()
    {
        await Link.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        await Eventually.IsTrue(
            () => Memory is { OutstandingBuffers: 0, UsedBytes: 0, ReservedStreams: 0 } && Link is { LiveStreams: 0, LiveLanes: 0 }, "everything is back");
    }

    void IReplicaLinkOwner.StreamOffered(OfferedStream stream) => OnOffered(stream);

    void IReplicaLinkOwner.ServeAnswered(SocketId socketId, ServeCode code) => OnServeAnswered();

    void IReplicaLinkOwner.GoAwayReceived(GoAwayReason reason, TimeSpan grace)
    {
    }

    void IReplicaLinkOwner.DrainAcknowledged(uint highestOpen) => DrainAnswer.TrySetResult(highestOpen);

    void IReplicaLinkOwner.TicketAnswered(bool accepted, string text)
    {
    }
}
