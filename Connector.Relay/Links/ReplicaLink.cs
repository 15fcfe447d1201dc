using Connector.Protocol.Ids;
using Connector.Relay.Accounting;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Relay.Links;

/// <summary>The replica's end of a link to one edge: its lanes, its live streams, its serve table. Thread-safe.</summary>
public sealed class ReplicaLink : Link, IAsyncDisposable
{
    internal const int MaxPendingDials = 64;

    /// <summary>A process that was away for longer cannot know whether its edge has asked another replica meanwhile (rule 10).</summary>
    internal static readonly TimeSpan SleptAfter = TimeSpan.FromMilliseconds(200);

    // OPENs that came during the sleep are still being read for so long.
    private static readonly TimeSpan StaleFor = TimeSpan.FromMilliseconds(100);

    // Far above what the memory's reserves allow to live: an edge gets here only by not reading our answers.
    private const int MaxUnfinished = 32_768;

    // How many frames may wait on a lane is bounded; those of a table wait together.
    private const int FramesPerPiece = 512;

    private readonly IReplicaLinkOwner owner;

    // Null: withdrawn, which must be said again too when a lane takes the UNSERVE with it.
    private readonly Dictionary<SocketId, (long ConfigVersion, UpstreamLamp Upstream)?> serves = [];
    private readonly TokenBucket opens = new(perSecond: 10_000, burst: 10_000);
    private readonly TaskCompletionSource lanesGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long sequence;
    private int laneNumbers;
    private int pendingDials;
    private TimeSpan drainGrace;
    private string? ticketInDoubt;
    private long lastBeat;
    private long staleUntil;
    private bool draining;
    private bool edgeLeft;

    public ReplicaLink(BootId bootId, RelayMemory memory, IReplicaLinkOwner owner, TimeProvider time)
        : base(LinkId.New(), memory, time)
    {
        BootId = bootId;
        this.owner = owner;
    }

    public BootId BootId { get; }

    internal override bool AsksForPath => false;

    /// <summary>Numbers grow and are never reused within a link.</summary>
    public int NextLaneNumber() => Interlocked.Increment(ref laneNumbers);

    /// <summary>
    /// Takes over an established, welcomed lane and runs it. The lane is added to the link before this returns; the serve table is sent on it.
    /// <see cref="Lane.Completion"/> ends with the reason when it dies and never faults.
    /// </summary>
    /// <exception cref="InvalidOperationException">The link has ended, or the number was used before. The stream is disposed.</exception>
    public Lane Attach(int laneNumber, LaneKind kind, Stream stream)
    {
        var lane = AddLane(laneNumber, stream)
            ?? throw new InvalidOperationException($"lane {laneNumber} ({kind}) cannot be attached: its number was used before, or the link has ended");
        Volatile.Write(ref lastBeat, Now.Ticks);
        lock (serves)
        {
            foreach (var frame in Table())
                lane.Enqueue(frame);
        }

        lane.Start();
        return lane;
    }

    /// <summary>Says (again) that this replica serves the socket, with the version of its configuration.</summary>
    public void Serve(SocketId socketId, long configVersion, UpstreamLamp upstream)
    {
        lock (serves)
        {
            serves[socketId] = (configVersion, upstream);
            SendOnAny(ControlFrames.Serve(socketId, configVersion, upstream, ++sequence));
        }
    }

    public void Unserve(SocketId socketId)
    {
        lock (serves)
        {
            if (serves.GetValueOrDefault(socketId) is null)
                return;
            serves[socketId] = null;
            SendOnAny(ControlFrames.Unserve(socketId, ++sequence));
        }
    }

    /// <summary>Sends a new ticket; again when the lane that carried it dies before the edge has answered.</summary>
    public void RenewTicket(string ticket)
    {
        lock (serves)
        {
            ticketInDoubt = ticket;
            SendOnAny(ControlFrames.Ticket(ticket));
        }
    }

    /// <summary>Sends GOAWAY(drain); the edge stops opening and answers.</summary>
    public void Drain(TimeSpan grace)
    {
        lock (serves)
        {
            drainGrace = grace;
            Volatile.Write(ref draining, true);
            SendOnAny(GoAwayDrain());
        }
    }

    /// <summary>Ends all lanes and resets all streams. Completes when every lane has stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        byte[] farewell;
        lock (serves)
            farewell = ControlFrames.GoAway(GoAwayReason.Shutdown, TimeSpan.Zero, ++sequence, "this replica stops");
        EndLanes("this replica ended the link", farewell);
        if (LiveLanes > 0)
            await lanesGone.Task.ConfigureAwait(false);
    }

    internal void OfferAnswered() => Interlocked.Decrement(ref pendingDials);

    private protected override bool OnLinkFrame(Lane lane, FrameHeader header, ReadOnlySpan<byte> content)
    {
        switch (header.Type)
        {
            case FrameType.Open:
                OnOpen(lane, header.Stream, content);
                return true;
            case FrameType.ServeAck:
                var (socketId, code) = ControlFrames.ReadServeAck(content);
                owner.ServeAnswered(socketId, code);
                return true;
            case FrameType.TicketAck:
                var (accepted, text) = ControlFrames.ReadTicketAck(content);
                lock (serves)
                    ticketInDoubt = null;
                owner.TicketAnswered(accepted, text);
                return true;
            case FrameType.GoAway:
                var goAway = ControlFrames.ReadGoAway(content);
                if (goAway.Reason is GoAwayReason.Shutdown or GoAwayReason.Revoked)
                    Volatile.Write(ref edgeLeft, true);

                // A broken protocol ends a lane, not the link: its streams go on over another.
                if (goAway.Reason != GoAwayReason.Protocol)
                    owner.GoAwayReceived(goAway.Reason, goAway.Grace);
                if (goAway.Reason != GoAwayReason.Drain)
                    lane.SentAway(goAway.Reason, goAway.Text);
                return true;
            case FrameType.GoAwayAck:
                owner.DrainAcknowledged(ControlFrames.ReadU32(content));
                return true;
            case FrameType.Echo:
                lane.EchoCame(content);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Called about every 100 ms while there is a lane: much later means that this process slept.</summary>
    internal override void Beat(TimeSpan now)
    {
        if (Slept(now))
            Volatile.Write(ref staleUntil, (now + StaleFor).Ticks);
        Volatile.Write(ref lastBeat, now.Ticks);
    }

    private bool Slept(TimeSpan now) => now.Ticks - Volatile.Read(ref lastBeat) > (LaneLiveness.CheckInterval + SleptAfter).Ticks;

    /// <summary>A running stream waits for the next lane, and a dial for the edge's question; the owner gives the link up when none comes.</summary>
    private protected override void Detached(RelayStream stream, string reason)
    {
    }

    private protected override void LaneEnded(Lane lane, LaneEnd end, bool last)
    {
        if (last && IsEnded)
            lanesGone.TrySetResult();
        if (last && Volatile.Read(ref edgeLeft))
        {
            // It said that it goes, so it will not know the streams when it comes back.
            foreach (var stream in Streams)
                stream.OnLost(end.Reason);
        }

        if (last || IsEnded)
            return;

        // What the dead lane carried of the serve table may be lost: say it again whole on one that lives.
        lock (serves)
        {
            foreach (var frame in Table())
                SendOnAny(frame);
        }
    }

    private void OnOpen(Lane lane, uint id, ReadOnlySpan<byte> content)
    {
        var (request, initialLimit) = ControlFrames.ReadOpen(content);
        if (Known(id) is { } known)
        {
            known.RepeatAnswer();
            return;
        }

        var stone = Ended(id);
        if (id == 0 || stone is not null)
        {
            // The answer may have been lost with its lane, and the edge asks again.
            lane.Enqueue(LastWord(id, stone));
            return;
        }

        if (LiveStreams >= MaxUnfinished)
            throw new LaneProtocolException($"OPEN for stream {id} while {MaxUnfinished} streams are not finished") { Kind = ProtocolViolation.FloodOpen };
        RelayStream stream;
        OfferedStream offer;
        lock (Gate)
        {
            // The lane may have died while its reader was still at work on what it had read: the edge asks again on another.
            if (!Lanes.Contains(lane))
                return;
            stream = new RelayStream(this, lane, id);
            offer = new OfferedStream(this, stream, request);
            stream.Offer = offer;
            if (!Add(stream))
                return;
        }

        stream.Credited(initialLimit);
        var pending = Interlocked.Increment(ref pendingDials);
        var now = Now;
        if (Volatile.Read(ref draining))
            offer.Refuse(RefusalCode.Draining, "this replica drains");
        else if (Slept(now) || now.Ticks < Volatile.Read(ref staleUntil))
            offer.Refuse(RefusalCode.Stale, $"this replica slept for more than {SleptAfter.TotalMilliseconds:0} ms while the stream was offered");
        else if (pending > MaxPendingDials)
            offer.Refuse(RefusalCode.Busy, $"{MaxPendingDials} dials are pending on this link");
        else if (!TryTakeOpen())
            offer.Refuse(RefusalCode.Busy, "streams are opened faster than this replica allows");
        else
            owner.StreamOffered(offer);
    }

    /// <summary>All that the edge must know of this link, numbered anew. Under the lock of the table.</summary>
    private List<byte[]> Table()
    {
        var frames = new List<byte[]>(serves.Count + 1);
        foreach (var (socketId, served) in serves)
        {
            frames.Add(served is { } serve
                ? ControlFrames.Serve(socketId, serve.ConfigVersion, serve.Upstream, ++sequence)
                : ControlFrames.Unserve(socketId, ++sequence));
        }

        if (draining)
            frames.Add(GoAwayDrain());
        if (ticketInDoubt is not null)
            frames.Add(ControlFrames.Ticket(ticketInDoubt));
        return [.. frames.Chunk(FramesPerPiece).Select(static part => part.SelectMany(static frame => frame).ToArray())];
    }

    private byte[] GoAwayDrain() => ControlFrames.GoAway(GoAwayReason.Drain, drainGrace, ++sequence, "this replica drains");

    private bool TryTakeOpen()
    {
        lock (opens)
            return opens.TryTake(Now);
    }

    private void SendOnAny(byte[] frame)
    {
        var all = Lanes;
        if (!all.IsEmpty)
            all[0].Enqueue(frame);
    }
}
