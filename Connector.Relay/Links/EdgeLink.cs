using System.Collections.Concurrent;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Relay.Links;

/// <summary>The edge's end of a link to one replica. Thread-safe. Known by (thumbprint, boot id, link id).</summary>
public sealed class EdgeLink : Link
{
    /// <summary>How long a link may be without a lane, unless the owner says otherwise (rule 7).</summary>
    public static readonly TimeSpan DefaultDetachedLimit = TimeSpan.FromSeconds(30);

    private const int MaxServes = 10_000;

    // One slow upstream may not take all the pending dials of a link from the other sockets.
    private const int MaxPendingPerSocket = 24;

    private readonly IEdgeLinkOwner owner;
    private readonly ConcurrentDictionary<SocketId, SocketEntry> sockets = new();
    private readonly Dictionary<SocketId, long> sequences = [];
    private readonly SemaphoreSlim pendingOpens = new(ReplicaLink.MaxPendingDials);
    private readonly ITimer detachedTimer;
    private readonly TimeSpan detachedLimit;
    private uint lastId;
    private long goAwaySequence;
    private int endReported;
    private bool draining;
    private bool replicaLeft;
    private string? endReason;

    /// <param name="hello">Of the link's first lane; its ticket was verified by the caller.</param>
    /// <param name="detachedLimit">How long the link may be without a lane before its streams are reset; null for 30 s.</param>
    public EdgeLink(
        LaneHello hello, KeyThumbprint thumbprint, RelayMemory memory, IEdgeLinkOwner owner, TimeProvider time, TimeSpan? detachedLimit = null)
        : base(hello.LinkId, memory, time)
    {
        BootId = hello.BootId;
        ReplicaId = hello.ReplicaId;
        Thumbprint = thumbprint;
        this.owner = owner;
        this.detachedLimit = detachedLimit ?? DefaultDetachedLimit;
        detachedTimer = time.CreateTimer(
            static link => ((EdgeLink)link!).DetachedTooLong(), this, this.detachedLimit, Timeout.InfiniteTimeSpan);
    }

    public BootId BootId { get; }

    public ReplicaId ReplicaId { get; }

    public KeyThumbprint Thumbprint { get; }

    internal override bool AsksForPath => true;

    public bool IsDraining => Volatile.Read(ref draining);

    /// <summary>Whether the link takes new streams: it has a lane, does not drain, and serves the socket.</summary>
    public bool Serves(SocketId socketId)
        => LiveLanes > 0 && !IsDraining && !IsEnded && sockets.TryGetValue(socketId, out var entry) && entry.Serving;

    /// <summary>Takes over a lane whose WELCOME has been sent and runs it. False (the stream is then disposed) when the number was used before.</summary>
    public bool TryAttach(LaneHello hello, Stream stream)
    {
        if (AddLane(hello.LaneNumber, stream) is not { } lane)
            return false;
        detachedTimer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        // What was due on it is written from the moment it is added: it may be found dead before its time is stopped.
        if (LiveLanes == 0 && !IsEnded)
            detachedTimer.Change(detachedLimit, Timeout.InfiniteTimeSpan);
        lane.Start();
        return true;
    }

    /// <summary>
    /// Offers a stream to the replica and waits for OPENED or REFUSED. Never throws for anything the replica does; the deadline is the caller's
    /// token: when it is cancelled the stream is reset and the outcome says so.
    /// </summary>
    public async Task<OpenOutcome> OpenAsync(OpenRequest request, SocketMemory memory, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return new OpenOutcome.Cancelled();
        var opening = BeginOpen(request, memory);
        if (opening.Answer.IsCompleted)
            return await opening.Answer.ConfigureAwait(false);
        await using (cancellationToken.UnsafeRegister(static opening => ((StreamOpening)opening!).Cancel(), opening).ConfigureAwait(false))
            return await opening.Answer.ConfigureAwait(false);
    }

    /// <summary>
    /// Offers a stream to the replica, now or when there is a place among its pending dials. Never throws for anything the replica does; the
    /// deadline is the caller's: <see cref="StreamOpening.Cancel"/>.
    /// </summary>
    public StreamOpening BeginOpen(OpenRequest request, SocketMemory memory)
    {
        var opening = new StreamOpening();
        if (sockets.TryGetValue(request.SocketId, out var entry))
            _ = BeginAsync(opening, request, memory, entry);
        else
            opening.End(new OpenOutcome.Refused(RefusalCode.NoSocket, "the replica does not serve the socket"));
        return opening;
    }

    /// <summary>Stops serving a socket on this link and resets its live streams with the code.</summary>
    public void Withdraw(SocketId socketId, ResetCode code)
    {
        // Under the lock, so that an OPEN that waited for a place is either in the table by now or sees that the socket is gone.
        lock (Gate)
        {
            if (sockets.TryRemove(socketId, out var entry))
                entry.Serving = false;
        }

        foreach (var stream in Streams)
        {
            if (stream.Memory?.SocketId == socketId)
                stream.Reset(code);
        }
    }

    /// <summary>Sends GOAWAY, ends all lanes and resets all streams.</summary>
    public void End(GoAwayReason reason, string text)
    {
        endReason ??= text;
        EndLanes(text, ControlFrames.GoAway(reason, TimeSpan.Zero, 0, text));
        if (LiveLanes == 0)
            ReportEnd(text);
    }

    private protected override bool OnLinkFrame(Lane lane, FrameHeader header, ReadOnlySpan<byte> content)
    {
        switch (header.Type)
        {
            case FrameType.Accepted:
                if (Known(header.Stream) is { } accepted)
                {
                    accepted.OnAccepted();
                    accepted.Opening?.Accepted();
                }

                return true;
            case FrameType.Opened:
                OnOpened(lane, header.Stream, new ContentReader(content).U64());
                return true;
            case FrameType.Refused:
                var (code, text) = ControlFrames.ReadRefused(content);
                if (Known(header.Stream) is { } refused)
                {
                    refused.Opening?.Refused(code, text);
                    refused.OnRefused(text);
                }

                return true;
            case FrameType.Serve:
                OnServe(lane, content);
                return true;
            case FrameType.Unserve:
                OnUnserve(content);
                return true;
            case FrameType.Ticket:
                lane.Enqueue(ControlFrames.TicketAck(owner.TicketRenewed(this, ControlFrames.ReadTicket(content))));
                return true;
            case FrameType.GoAway:
                OnGoAway(lane, content);
                return true;
            case FrameType.EchoReply:
                lane.EchoAnswered(content);
                return true;
            case FrameType.GoAwayAck:
                return true;
            default:
                return false;
        }
    }

    private protected override void LaneEnded(Lane lane, LaneEnd end, bool last)
    {
        try
        {
            owner.LaneLost(this, end);
        }
        finally
        {
            // Also when the owner fails: without it the streams would wait for ever.
            if (last)
                LastLaneEnded(end);
        }
    }

    private void LastLaneEnded(LaneEnd end)
    {
        if (IsEnded)
        {
            ReportEnd(endReason ?? end.Reason);
        }
        else if (Volatile.Read(ref replicaLeft))
        {
            // It said that it goes: nobody will come back for the streams.
            endReason ??= end.Reason;
            EndLanes(endReason, null);
            ReportEnd(endReason);
        }
        else
        {
            detachedTimer.Change(detachedLimit, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>A stream that is not open yet is of no use here any more: the caller offers it to another link (rule 6).</summary>
    private protected override void Detached(RelayStream stream, string reason)
    {
        if (!stream.IsOpened)
            stream.End(StreamEnd.LinkLost, reason, ResetCode.Cancelled);
    }

    private async Task BeginAsync(StreamOpening opening, OpenRequest request, SocketMemory memory, SocketEntry entry)
    {
        if (!await opening.TakePlaceAsync(entry.PendingOpens).ConfigureAwait(false))
            return;
        if (!await opening.TakePlaceAsync(pendingOpens).ConfigureAwait(false))
        {
            entry.PendingOpens.Release();
            return;
        }

        OpenOutcome? failure;
        try
        {
            failure = Begin(opening, request, memory, entry);
        }
        catch (Exception e)
        {
            // Ours, not the replica's: whoever waits for the answer must hear of it.
            opening.Fault(e);
            failure = new OpenOutcome.Cancelled();
        }

        if (failure is null)
            return;
        entry.PendingOpens.Release();
        pendingOpens.Release();
        opening.End(failure);
    }

    /// <returns>Null when OPEN has been sent; the stream holds the places then.</returns>
    private OpenOutcome? Begin(StreamOpening opening, OpenRequest request, SocketMemory memory, SocketEntry entry)
    {
        PendingOpen pending;
        RelayStream stream;
        lock (Gate)
        {
            if (IsDraining)
                return new OpenOutcome.Refused(RefusalCode.Draining, "the replica is draining");
            if (IsEnded || !entry.Serving || ChooseLane() is not { } lane || lastId >= int.MaxValue - 1)
                return new OpenOutcome.LinkLost("the link takes no new streams");
            stream = new RelayStream(this, lane, lastId + 1);
            if (!stream.TryReserve(memory))
                return new OpenOutcome.Refused(RefusalCode.Busy, "this edge has no memory left for another stream");

            // Only with its OPEN: GOAWAY_ACK names the highest id that was sent.
            lastId++;
            pending = new PendingOpen(stream, opening, pendingOpens, entry.PendingOpens);
            stream.Opening = pending;
            var open = ControlFrames.Open(stream.Id, request, stream.InitialLimit);
            stream.OpenFrame = open;
            Add(stream);
            lane.Enqueue(open);
        }

        opening.Begun(pending);
        return null;
    }

    private void OnOpened(Lane lane, uint id, long initialLimit)
    {
        if (Known(id) is not { } stream)
        {
            // Completed: said before the end of the stream and late. Otherwise nobody is there for what the replica has dialled.
            if (Ended(id) is not { Completed: true })
                lane.EnqueueGone(id);
            return;
        }

        stream.OnOpened(initialLimit);
    }

    private void OnServe(Lane lane, ReadOnlySpan<byte> content)
    {
        var (socketId, sequence, configVersion, upstream) = ControlFrames.ReadServe(content);
        lock (sequences)
        {
            if (!IsNewest(socketId, sequence))
                return;
        }

        var code = sockets.Count >= MaxServes && !sockets.ContainsKey(socketId)
            ? ServeCode.Forbidden
            : owner.ServeOffered(this, socketId, configVersion, upstream);
        lock (sequences)
        {
            // Another lane may have brought something newer while the owner judged.
            if (sequences[socketId] != sequence)
                return;
            if (code == ServeCode.Accepted)
                sockets.GetOrAdd(socketId, static _ => new SocketEntry()).Serving = true;
            else if (sockets.TryGetValue(socketId, out var entry))
                entry.Serving = false;
        }

        lane.Enqueue(ControlFrames.ServeAck(socketId, code));
    }

    private void OnUnserve(ReadOnlySpan<byte> content)
    {
        var (socketId, sequence) = ControlFrames.ReadUnserve(content);
        lock (sequences)
        {
            if (!IsNewest(socketId, sequence))
                return;
            if (sockets.TryGetValue(socketId, out var entry))
                entry.Serving = false;
        }

        owner.ServeWithdrawn(this, socketId);
    }

    private bool IsNewest(SocketId socketId, long sequence)
    {
        if (sequences.TryGetValue(socketId, out var newest) && sequence <= newest)
            return false;
        if (sequences.Count >= MaxServes && !sequences.ContainsKey(socketId))
        {
            // Sockets that came and went: what was said of them on another lane has long arrived.
            foreach (var gone in sequences.Keys.Where(id => !sockets.TryGetValue(id, out var entry) || !entry.Serving).ToArray())
            {
                sequences.Remove(gone);
                sockets.TryRemove(gone, out _);
            }

            if (sequences.Count >= MaxServes)
                return false;
        }

        sequences[socketId] = sequence;
        return true;
    }

    private void OnGoAway(Lane lane, ReadOnlySpan<byte> content)
    {
        var (reason, grace, sequence, text) = ControlFrames.ReadGoAway(content);
        if (reason == GoAwayReason.Shutdown)
            Volatile.Write(ref replicaLeft, true);
        if (reason != GoAwayReason.Drain)
        {
            lane.SentAway(reason, text);
            return;
        }

        uint highest;
        lock (Gate)
        {
            if (sequence <= goAwaySequence)
                return;
            goAwaySequence = sequence;
            Volatile.Write(ref draining, true);
            highest = lastId;
        }

        lane.Enqueue(ControlFrames.GoAwayAck(highest));
        owner.DrainBegan(this, grace);
    }

    private void DetachedTooLong()
    {
        if (LiveLanes > 0)
            return;
        endReason ??= $"no lane for {detachedLimit.TotalSeconds:0} s";
        EndLanes(endReason, null);
        ReportEnd(endReason);
    }

    private void ReportEnd(string reason)
    {
        if (Interlocked.Exchange(ref endReported, 1) != 0)
            return;
        detachedTimer.Dispose();
        owner.LinkEnded(this, reason);
    }

    private sealed class SocketEntry
    {
        public SemaphoreSlim PendingOpens { get; } = new(MaxPendingPerSocket);

        public volatile bool Serving;
    }
}
