using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Tests.Relay.Wire;

namespace Connector.Tests.Relay;

/// <summary>Both ends of a link over plain loopback TCP lanes, each end with its own checking memory.</summary>
public sealed class LinkPair : IReplicaLinkOwner, IEdgeLinkOwner, IAsyncDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(120);
    private readonly ConcurrentDictionary<SocketId, TaskCompletionSource> served = new();

    public LinkPair(RelayMemoryOptions? memory = null)
    {
        memory ??= new RelayMemoryOptions(Poison: true);
        ReplicaMemory = new RelayMemory(memory);
        EdgeMemory = new RelayMemory(memory);
        Replica = new ReplicaLink(BootId.New(), ReplicaMemory, this, TimeProvider.System);
        Edge = new EdgeLink(Hello(1), new KeyThumbprint("test"), EdgeMemory, this, TimeProvider.System);
    }

    public RelayMemory ReplicaMemory { get; }

    public RelayMemory EdgeMemory { get; }

    public ReplicaLink Replica { get; }

    public EdgeLink Edge { get; }

    /// <summary>What the replica does with an offered stream.</summary>
    public Action<OfferedStream> OnOffered { get; set; } = offer => offer.Refuse(RefusalCode.NoSocket, "no upstream in this test");

    public ConcurrentQueue<LaneEnd> LostLanes { get; } = new();

    public TaskCompletionSource<string> EndOfLink { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<uint> DrainAnswer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static async Task<(Socket Near, Socket Far)> ConnectAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var accept = listener.AcceptSocketAsync();
        await near.ConnectAsync(listener.LocalEndpoint);
        var far = await accept;
        far.NoDelay = true;
        return (near, far);
    }

    /// <summary>Adds a lane; returns the replica's end and both sockets, to be cut by the test.</summary>
    public async Task<(Lane Lane, Socket ReplicaEnd, Socket EdgeEnd)> AddLaneAsync()
    {
        var (near, far) = await ConnectAsync();
        var number = Replica.NextLaneNumber();
        Assert.True(Edge.TryAttach(Hello(number), new NetworkStream(far, ownsSocket: true)));
        return (Replica.Attach(number, LaneKind.Shared, new NetworkStream(near, ownsSocket: true)), near, far);
    }

    /// <summary>Adds a lane over a wire in memory, by its two ends.</summary>
    internal Lane AddLane(WireEnd replicaEnd, WireEnd edgeEnd)
    {
        var number = Replica.NextLaneNumber();
        Assert.True(Edge.TryAttach(Hello(number), edgeEnd));
        return Replica.Attach(number, LaneKind.Shared, replicaEnd);
    }

    public bool IsAllBack => this is
    {
        EdgeMemory: { OutstandingBuffers: 0, UsedBytes: 0, ReservedStreams: 0 },
        ReplicaMemory: { OutstandingBuffers: 0, UsedBytes: 0, ReservedStreams: 0 },
        Edge.LiveStreams: 0,
        Replica.LiveStreams: 0,
    };

    /// <summary>As many opens as a socket has places, all pending at once.</summary>
    public async Task AssertEveryPlaceIsFreeAsync(SocketId socketId)
    {
        const int places = 24;
        var share = EdgeMemory.ForSocket(socketId);
        await Eventually.IsTrue(() => Edge.Serves(socketId), "the link serves the socket");
        var offers = new ConcurrentQueue<OfferedStream>();
        OnOffered = offers.Enqueue;
        var request = new OpenRequest(socketId, new IPEndPoint(IPAddress.Loopback, 1234), "", "", "");
        var opens = Enumerable.Range(0, places).Select(_ => OpenFreshAsync(request, share)).ToArray();
        await Eventually.IsTrue(() => offers.Count == places, $"{places} streams are offered at once");
        foreach (var offer in offers)
            offer.Refuse(RefusalCode.NoSocket, "over");
        foreach (var open in opens)
            Assert.IsType<OpenOutcome.Refused>(await open.WaitAsync(Long));
    }

    /// <summary>A test process that is short of processor time looks to a replica as if it had slept: what is refused as stale is not offered, and opened again.</summary>
    internal async Task<OpenOutcome> OpenFreshAsync(OpenRequest request, SocketMemory share, CancellationToken cancellation = default)
    {
        while (true)
        {
            if (await Edge.OpenAsync(request, share, cancellation) is var outcome and not OpenOutcome.Refused { Code: RefusalCode.Stale })
                return outcome;

            // Replicas refuse for a while, and a refused stream gives its reserve back behind its answer.
            await Task.Delay(20, CancellationToken.None);
        }
    }

    public Task ServeAsync(SocketId socketId)
    {
        var answered = served.GetOrAdd(socketId, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        Replica.Serve(socketId, 1, UpstreamLamp.Unknown);
        return answered.Task.WaitAsync(Long);
    }

    public async ValueTask DisposeAsync()
    {
        await Replica.DisposeAsync().AsTask().WaitAsync(Long);
        Edge.End(GoAwayReason.Shutdown, "the test is over");
    }

    void IReplicaLinkOwner.StreamOffered(OfferedStream stream) => OnOffered(stream);

    void IReplicaLinkOwner.ServeAnswered(SocketId socketId, ServeCode code)
        => served.GetOrAdd(socketId, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    void IReplicaLinkOwner.GoAwayReceived(GoAwayReason reason, TimeSpan grace)
    {
    }

    void IReplicaLinkOwner.DrainAcknowledged(uint highestOpen) => DrainAnswer.TrySetResult(highestOpen);

    void IReplicaLinkOwner.TicketAnswered(bool accepted, string text)
    {
    }

    ServeCode IEdgeLinkOwner.ServeOffered(EdgeLink link, SocketId socketId, long configVersion, UpstreamLamp upstream) => ServeCode.Accepted;

    void IEdgeLinkOwner.ServeWithdrawn(EdgeLink link, SocketId socketId)
    {
    }

    void IEdgeLinkOwner.DrainBegan(EdgeLink link, TimeSpan grace)
    {
    }

    string? IEdgeLinkOwner.TicketRenewed(EdgeLink link, string ticket) => null;

    void IEdgeLinkOwner.LaneLost(EdgeLink link, LaneEnd end) => LostLanes.Enqueue(end);

    void IEdgeLinkOwner.LinkEnded(EdgeLink link, string reason) => EndOfLink.TrySetResult(reason);

    private LaneHello Hello(int lane) => new(1, 1, Replica.Id, Replica.BootId, lane, LaneKind.Shared, new ReplicaId("replica"), "ticket", []);
}
