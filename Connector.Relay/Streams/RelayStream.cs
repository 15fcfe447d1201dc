using System.Buffers.Binary;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Memory;

namespace Connector.Relay.Streams;

/// <summary>
/// One live stream of a link, either end: ordered bytes both ways with credit. Belongs to the link, not to a lane. Lane loops put bytes in
/// and take bytes out, a stage does the same on the other side; both meet here under one short lock and never wait for each other.
/// </summary>
public sealed class RelayStream : IBufferCharge
{
    /// <summary>Bytes that may wait here for the lane before the stage is asked to stop reading.</summary>
    private const int UnsentHigh = 256 << 10;

    /// <summary>Bytes that wait here when the stage is asked to read again.</summary>
    private const int UnsentLow = 128 << 10;

    private const int MaxPiecesAhead = 64;

    /// <summary>A CREDIT is due at once after this many pieces, so that a sender of small pieces does not hold a buffer for each.</summary>
    private const int CreditPieces = 16;

    private readonly Lock gate = new();
    private readonly Link link;
    private readonly Queue<RelayBuffer> inbound = new(0);
    private readonly Queue<RelayBuffer> unsent = new(0);
    private readonly Queue<RelayBuffer> inFlight = new(0);
    private SortedList<long, RelayBuffer>? ahead;
    private readonly Lane lane;
    private SocketMemory? memory;
    private IStreamSignals? stage;
    private Action? parkedReader;
    private ReceiveWindow receive;
    private SendWindow send;
    private RelayBuffer? tail;
    private ReserveCharge? reserveCharge;
    private Due due;
    private StreamOutcome? outcome;
    private RefusalCode refusal;
    private string refusalText = "";
    private ResetCode resetCode;
    private long window;
    private long windowCharged;
    private long queuedOffset;
    private long creditConsumed;
    private long growthFrom;
    private long growthAt;
    private int creditPieces;
    private int unsentHead;
    private int sendSize = BufferPool.Small;
    private int reserveUsed;
    private bool reserved;
    private bool readWaiting;
    private bool writeWaiting;
    private bool finWanted;
    private bool finPassedOn;
    private bool finalCreditSent;
    private bool awaitsReset;
    private bool wakesLater;

    internal RelayStream(Link link, Lane lane, uint id)
    {
        this.link = link;
        this.lane = lane;
        Id = id;
    }

    [Flags]
    private enum Due : byte
    {
        None = 0,
        Accepted = 1,
        Opened = 2,
        Refused = 4,
        Reset = 8,
        Credit = 16,
        Fin = 32,
    }

    public uint Id { get; }

    /// <summary>Bytes received from the other end of the link, contiguous.</summary>
    public long BytesReceived => receive.Received;

    /// <summary>Bytes sent on the link.</summary>
    public long BytesSent => send.Sent;

    /// <summary>On a lane's ready queue; guarded by that lane.</summary>
    internal bool Queued { get; set; }

    /// <summary>On the list of a lane's reader, which will wake the stage before it waits.</summary>
    internal bool WakesLater
    {
        get => Volatile.Read(ref wakesLater);
        set => Volatile.Write(ref wakesLater, value);
    }

    /// <summary>On a lane's list of credits that can wait; guarded by that lane.</summary>
    internal bool CreditWaits { get; set; }

    internal Lane Lane => lane;

    internal StreamOutcome? Outcome => Volatile.Read(ref outcome);

    /// <summary>Elements between the two stages of the graph. Only the interpreter touches them; what is left when it stops comes back.</summary>
    internal RelayBuffer? TransitIn { get; set; }

    internal RelayBuffer? TransitOut { get; set; }

    /// <summary>Edge: completes with the answer to OPEN.</summary>
    internal PendingOpen? Opening { get; set; }

    /// <summary>Replica: the offer until it is answered.</summary>
    internal OfferedStream? Offer { get; set; }

    internal SocketMemory? Memory => memory;

    internal bool AwaitsReset => Volatile.Read(ref awaitsReset);

    /// <summary>Ends the stream at both ends with the code. Idempotent; buffers come back.</summary>
    public void Reset(ResetCode code) => End(StreamEnd.Stopped, $"reset: {code}", code);

    public override string ToString() => $"stream {Id} of link {link.Id}";

    // ---- opening

    /// <summary>Takes the reserve and a first window. False when there is no room for another stream.</summary>
    internal bool TryReserve(SocketMemory socketMemory)
    {
        if (!socketMemory.Memory.TryReserveStream())
            return false;
        lock (gate)
        {
            if (outcome is not null)
            {
                socketMemory.Memory.ReleaseStream();
                return false;
            }

            memory = socketMemory;
            reserved = true;
            window = RelayMemory.ReservedWindow;

            // A sixteenth of what is left, so that idle streams can never promise the whole pool away.
            var extra = Math.Min(WindowGrowth.Initial - window, Math.Min(socketMemory.Budget.Available, link.Budget.Available) / 16);
            if (extra > 0 && TryTake(extra))
            {
                window += extra;
                windowCharged = extra;
            }

            receive = new ReceiveWindow(window);
            growthAt = link.Now.Ticks;
        }

        return true;
    }

    internal long InitialLimit => receive.Limit;

    internal void SayAccepted() => Raise(Due.Accepted);

    internal void SayRefused(RefusalCode code, string text)
    {
        lock (gate)
        {
            if (outcome is not null)
                return;
            refusal = code;
            refusalText = text;
            outcome = new StreamOutcome(StreamEnd.Stopped, text, 0, 0);
            due |= Due.Refused;
        }

        lane.Schedule(this);
    }

    internal void SayOpened() => Raise(Due.Opened);

    /// <summary>The peer's first limit, from OPEN or OPENED.</summary>
    internal void Credited(long initialLimit)
    {
        lock (gate)
            send.Credit(0, initialLimit);
        lane.Schedule(this);
    }

    // ---- the stage's side

    internal bool TryAttach(IStreamSignals signals)
    {
        lock (gate)
        {
            stage = signals;
            return outcome is null;
        }
    }

    /// <summary>The next piece for the local TCP connection, or null: then the stage is signalled when there is one.</summary>
    internal RelayBuffer? TakeInbound(out bool finished)
    {
        lock (gate)
        {
            finished = false;
            if (inbound.TryDequeue(out var buffer))
            {
                if (buffer == tail)
                    tail = null;
                return buffer;
            }

            if (receive.AllReceived && outcome is null)
                finished = true;
            else
                readWaiting = true;
            return null;
        }
    }

    /// <summary>Bytes were written to the local TCP connection.</summary>
    internal void Consumed(int bytes)
    {
        bool now;
        lock (gate)
        {
            if (outcome is not null)
                return;
            receive.Consume(bytes);
            creditPieces++;
            now = receive.Consumed - creditConsumed >= window / 4 || creditPieces >= CreditPieces;
            if (now)
                due |= Due.Credit;
        }

        if (now)
            lane.Schedule(this);
        else
            lane.ScheduleCredit(this);
    }

    /// <summary>The half-close was passed on to the local TCP connection.</summary>
    internal void ConsumedFin()
    {
        lock (gate)
        {
            if (outcome is not null)
                return;
            receive.ConsumeFin();
            finPassedOn = true;
            due |= Due.Credit;
        }

        lane.Schedule(this);
    }

    /// <summary>Whether the stage should read more now; if not it is signalled when it should.</summary>
    internal bool WantsMore()
    {
        lock (gate)
        {
            if (outcome is null && queuedOffset - send.Sent < UnsentHigh && MayRent())
                return true;
            writeWaiting = true;
            return false;
        }
    }

    /// <summary>A buffer to read into. Null when the budget is spent and this stream already holds something: then the parked action runs once it may try again.</summary>
    internal RelayBuffer? RentForSend(Action parked)
    {
        lock (gate)
        {
            if (outcome is not null)
                return null;
            for (var size = sendSize; ; size = size == BufferPool.Large ? BufferPool.Medium : BufferPool.Small)
            {
                if (TryTake(size))
                    return memory!.Memory.Pool.Rent(size, memory, this);
                if (size == BufferPool.Small)
                    break;
            }

            if (reserveUsed == 0)
            {
                reserveUsed = 1;
                return memory!.Memory.Pool.Rent(BufferPool.Small, memory, reserveCharge ??= new ReserveCharge(this));
            }

            parkedReader = parked;
            return null;
        }
    }

    /// <summary>Takes ownership of a filled buffer and sends it as credit allows.</summary>
    internal void Send(RelayBuffer buffer)
    {
        sendSize = buffer.Length == buffer.Capacity ? BufferPool.Large : buffer.Length <= BufferPool.Small ? BufferPool.Small : BufferPool.Large;
        var small = buffer.Length <= BufferPool.Small;
        lock (gate)
        {
            if (outcome is null)
            {
                queuedOffset += buffer.Length;
                buffer.EndOffset = queuedOffset;
                unsent.Enqueue(buffer);
                buffer = null!;
            }
        }

        if (buffer is not null)
            buffer.Return();
        else
            lane.Schedule(this, inline: small);
    }

    /// <summary>The local TCP connection was half-closed by its other end.</summary>
    internal void Finish()
    {
        lock (gate)
        {
            if (outcome is not null || finWanted)
                return;
            finWanted = true;
            due |= Due.Fin;
        }

        lane.Schedule(this);
    }

    /// <summary>Ends the stream on our side; a RESET goes to the peer.</summary>
    internal void End(StreamEnd end, string reason, ResetCode code)
    {
        lock (gate)
        {
            if (outcome is not null)
                return;
            resetCode = code;
            due = Due.Reset;
            awaitsReset = true;
            Close(end, reason);
        }

        lane.Schedule(this);
        Answered(end, reason);
        link.AwaitReset(this);
    }

    /// <summary>The peer does not answer our RESET, and too many others wait as well. An OPEN keeps its place until it is answered.</summary>
    internal void StopAwaitingReset()
    {
        lock (gate)
        {
            if (!awaitsReset || Opening is { IsSlotHeld: true })
                return;
            awaitsReset = false;
            if ((due & Due.Reset) == 0)
                link.Forget(this);
        }
    }

    // ---- the lane's side; each may throw LaneProtocolException for what ends the lane

    internal void OnData(Lane reader, long offset, ReadOnlySpan<byte> bytes, int following)
    {
        lock (gate)
        {
            if (outcome is not null)
                return;
            var (skip, isNext) = receive.Judge(offset, bytes.Length);
            if (!isNext)
            {
                Hold(offset, bytes);
                return;
            }

            Append(bytes[skip..], following);
            if (ahead is not null)
                TakeAhead();
            if (!readWaiting || inbound.Count == 0)
                return;
        }

        // Not at once: more of this frame may be decrypted already, and one wake-up for all of it is enough.
        reader.WakeLater(this);
    }

    /// <summary>From the lane's reader, before it waits: there is something to read.</summary>
    internal void Wake()
    {
        lock (gate)
            WakeReader();
    }

    internal void OnFin(long final)
    {
        lock (gate)
        {
            if (outcome is not null)
                return;
            receive.Fin(final);
            WakeReader();
        }
    }

    internal void OnCredit(long consumed, long limit)
    {
        Action? unpark = null;
        bool sendable;
        lock (gate)
        {
            if (outcome is not null)
                return;
            send.Credit(consumed, limit);
            while (inFlight.TryPeek(out var buffer) && buffer.EndOffset <= send.Consumed)
            {
                inFlight.Dequeue();
                buffer.Return();
            }

            sendable = unsent.Count > 0 && send.Sendable > 0;
            WakeWriter();
            if (parkedReader is not null && MayRent())
                (unpark, parkedReader) = (parkedReader, null);
            CompleteWhenDone();
        }

        unpark?.Invoke();
        if (sendable)
            lane.Schedule(this);
    }

    /// <returns>Whether the peer's RESET must be answered.</returns>
    internal bool OnReset(ResetCode code)
    {
        lock (gate)
        {
            if (outcome is not null)
            {
                if (!awaitsReset)
                    return false;
                awaitsReset = false;
                Opening?.ReleaseSlot();

                // When ours is not written yet the two crossed, and the peer waits for it: the writer forgets the stream then.
                if ((due & Due.Reset) == 0)
                    link.Forget(this);
                return false;
            }

            resetCode = code;
            Close(StreamEnd.RemoteReset, $"the other end reset the stream: {code}");
            due = Due.Reset;
        }

        Answered(StreamEnd.RemoteReset, $"the other end reset the stream: {code}");
        Opening?.ReleaseSlot();
        lane.Schedule(this);
        return true;
    }

    /// <summary>The lane or link is gone: nothing can be said to the peer any more.</summary>
    internal void OnLost(string reason)
    {
        lock (gate)
        {
            due = Due.None;
            awaitsReset = false;
            if (outcome is null)
                Close(StreamEnd.LinkLost, reason);
        }

        link.Forget(this);
        Answered(StreamEnd.LinkLost, reason);
        Opening?.ReleaseSlot();
    }

    /// <summary>The peer answered OPEN with REFUSED: nothing is owed any more.</summary>
    internal void OnRefused(string text)
    {
        lock (gate)
        {
            due = Due.None;
            awaitsReset = false;
            if (outcome is null)
                Close(StreamEnd.Stopped, text);
        }

        link.Forget(this);
    }

    /// <summary>Repeats the last answer to a duplicate OPEN.</summary>
    internal void RepeatAnswer()
    {
        lock (gate)
        {
            if (outcome is null)
                due |= reserved ? Due.Opened : Due.Accepted;
        }

        lane.Schedule(this);
    }

    /// <summary>
    /// Writes what is due into a batch: answers first, then credit, then at most one quantum of data, then FIN. Called by the lane's writer.
    /// </summary>
    /// <returns>Whether there is more that could be written now.</returns>
    internal bool WriteTo(Span<byte> batch, ref int position)
    {
        lock (gate)
        {
            if (due != Due.None && !WriteDue(batch, ref position))
                return true;
            if (outcome is not null)
                return false;

            var more = WriteData(batch, ref position);
            if ((due & Due.Fin) != 0 && unsent.Count == 0)
            {
                if (batch.Length - position < FrameLimits.HeaderSize + 8)
                    return true;
                WriteNumber(batch, ref position, FrameType.Fin, send.Sent);
                send.Fin();
                due &= ~Due.Fin;
            }

            if (writeWaiting && queuedOffset - send.Sent < UnsentLow)
                WakeWriter();
            return more;
        }
    }

    internal void RaiseCredit()
    {
        lock (gate)
        {
            if (outcome is null && creditConsumed < receive.Consumed)
                due |= Due.Credit;
        }
    }

    void IBufferCharge.Refund(int capacity) => GiveBack(capacity);

    private void Raise(Due what)
    {
        lock (gate)
        {
            if (outcome is not null)
                return;
            due |= what;
        }

        lane.Schedule(this);
    }

    private bool MayRent() => reserveUsed == 0 || Math.Min(memory!.Budget.Available, link.Budget.Available) >= BufferPool.Small;

    private bool TryTake(long bytes)
    {
        if (!memory!.Budget.TryTake(bytes))
            return false;
        if (link.Budget.TryTake(bytes))
            return true;
        memory.Budget.Give(bytes);
        return false;
    }

    private void GiveBack(long bytes)
    {
        memory!.Budget.Give(bytes);
        link.Budget.Give(bytes);
    }

    private void Append(ReadOnlySpan<byte> bytes, int following)
    {
        receive.Take(bytes.Length);
        while (!bytes.IsEmpty)
        {
            // Small frames fill up the last piece that the stage has not taken yet, so memory stays near the window whatever the frame sizes.
            if (tail is null || tail.Length == tail.Capacity)
            {
                tail = memory!.Memory.Pool.Rent(BufferPool.SizeFor(Math.Min(bytes.Length + following, BufferPool.Large)), memory, null);
                inbound.Enqueue(tail);
            }

            var part = bytes[..Math.Min(bytes.Length, tail.Capacity - tail.Length)];
            part.CopyTo(tail.Free);
            tail.Length += part.Length;
            bytes = bytes[part.Length..];
        }
    }

    private void Hold(long offset, ReadOnlySpan<byte> bytes)
    {
        ahead ??= new SortedList<long, RelayBuffer>();
        if (bytes.IsEmpty || ahead.Count >= MaxPiecesAhead || ahead.ContainsKey(offset) || !TryTake(BufferPool.SizeFor(bytes.Length)))
            return;
        var piece = memory!.Memory.Pool.Rent(BufferPool.SizeFor(bytes.Length), memory, this);
        bytes.CopyTo(piece.Free);
        piece.Length = bytes.Length;
        ahead.Add(offset, piece);
    }

    private void TakeAhead()
    {
        while (ahead is { Count: > 0 } && ahead.GetKeyAtIndex(0) <= receive.Received)
        {
            var (offset, piece) = (ahead.GetKeyAtIndex(0), ahead.GetValueAtIndex(0));
            ahead.RemoveAt(0);
            try
            {
                var (skip, _) = receive.Judge(offset, piece.Length);
                Append(piece.Filled.Span[skip..], following: 0);
            }
            finally
            {
                // Also when it contradicts a FIN that came after it.
                piece.Return();
            }
        }
    }

    private void WakeReader()
    {
        if (!readWaiting || (inbound.Count == 0 && !receive.AllReceived))
            return;
        readWaiting = false;
        stage?.Signal();
    }

    private void WakeWriter()
    {
        if (!writeWaiting)
            return;
        writeWaiting = false;
        stage?.Signal();
    }

    private bool WriteDue(Span<byte> batch, ref int position)
    {
        if (batch.Length - position < 1200)
            return false;
        if ((due & Due.Reset) != 0)
        {
            new FrameHeader(FrameType.Reset, Id, 2).Write(batch[position..]);
            BinaryPrimitives.WriteUInt16BigEndian(batch[(position + FrameLimits.HeaderSize)..], (ushort)resetCode);
            position += FrameLimits.HeaderSize + 2;
            due = Due.None;
            if (!awaitsReset)
                link.Forget(this);
            return true;
        }

        if ((due & Due.Refused) != 0)
        {
            var frame = ControlFrames.Refused(Id, refusal, refusalText);
            frame.CopyTo(batch[position..]);
            position += frame.Length;
            due = Due.None;
            link.Forget(this);
            return true;
        }

        if ((due & Due.Accepted) != 0)
        {
            new FrameHeader(FrameType.Accepted, Id, 0).Write(batch[position..]);
            position += FrameLimits.HeaderSize;
        }

        if ((due & Due.Opened) != 0)
            WriteNumber(batch, ref position, FrameType.Opened, receive.Limit);
        if ((due & Due.Credit) != 0)
            WriteCredit(batch, ref position);
        due &= Due.Fin;
        return true;
    }

    private void WriteCredit(Span<byte> batch, ref int position)
    {
        Grow();
        receive.Raise(receive.Consumed - (finPassedOn ? 1 : 0) + window);
        creditConsumed = receive.Consumed;
        creditPieces = 0;
        new FrameHeader(FrameType.Credit, Id, 16).Write(batch[position..]);
        BinaryPrimitives.WriteInt64BigEndian(batch[(position + FrameLimits.HeaderSize)..], creditConsumed);
        BinaryPrimitives.WriteInt64BigEndian(batch[(position + FrameLimits.HeaderSize + 8)..], receive.Limit);
        position += FrameLimits.HeaderSize + 16;
        due &= ~Due.Credit;
        if (finPassedOn)
        {
            finalCreditSent = true;
            CompleteWhenDone();
        }
    }

    private void Grow()
    {
        var now = link.Now.Ticks;
        var elapsed = TimeSpan.FromTicks(now - growthAt);
        var roundTrip = lane.MinimumRoundTrip;
        if (elapsed < roundTrip || elapsed < TimeSpan.FromMilliseconds(1))
            return;
        var target = WindowGrowth.Target(window, receive.Consumed - growthFrom, elapsed, roundTrip);
        growthAt = now;
        growthFrom = receive.Consumed;
        var extra = target - window;
        if (extra > 0 && TryTake(extra))
        {
            window += extra;
            windowCharged += extra;
        }
    }

    private bool WriteData(Span<byte> batch, ref int position)
    {
        const int fixedSize = FrameLimits.HeaderSize + FrameLimits.DataFixed;
        var quantum = FrameLimits.MaxData;
        while (unsent.TryPeek(out var buffer))
        {
            var length = (int)Math.Min(Math.Min(buffer.Length - unsentHead, quantum), send.Sendable);
            if (length <= 0)
                return quantum <= 0;

            // What must be said of the other direction travels with the data.
            if (creditConsumed < receive.Consumed && batch.Length - position >= 28)
                WriteCredit(batch, ref position);
            var room = batch.Length - position - fixedSize;
            if (room < Math.Min(length, 4096))
                return true;
            length = Math.Min(length, room);
            new FrameHeader(FrameType.Data, Id, FrameLimits.DataFixed + length).Write(batch[position..]);
            BinaryPrimitives.WriteInt64BigEndian(batch[(position + FrameLimits.HeaderSize)..], send.Sent);
            buffer.Array.AsSpan(unsentHead, length).CopyTo(batch[(position + fixedSize)..]);
            position += fixedSize + length;
            send.Send(length);
            quantum -= length;
            unsentHead += length;
            if (unsentHead == buffer.Length)
            {
                unsent.Dequeue();
                inFlight.Enqueue(buffer);
                unsentHead = 0;
            }
        }

        return false;
    }

    private void WriteNumber(Span<byte> batch, ref int position, FrameType type, long number)
    {
        new FrameHeader(type, Id, 8).Write(batch[position..]);
        BinaryPrimitives.WriteInt64BigEndian(batch[(position + FrameLimits.HeaderSize)..], number);
        position += FrameLimits.HeaderSize + 8;
    }

    private void CompleteWhenDone()
    {
        if (outcome is null && finalCreditSent && send.AllConsumed)
        {
            due = Due.None;
            Close(StreamEnd.Completed, "both sides closed");
            link.Forget(this);
        }
    }

    /// <summary>Under the lock: fixes the outcome and gives everything back.</summary>
    private void Close(StreamEnd end, string reason)
    {
        outcome = new StreamOutcome(end, reason, receive.Consumed - (finPassedOn ? 1 : 0), queuedOffset) { Code = resetCode == default ? null : resetCode };
        tail = null;
        foreach (var buffer in inbound)
            buffer.Return();
        foreach (var buffer in inFlight)
            buffer.Return();
        foreach (var buffer in unsent)
            buffer.Return();
        if (ahead is not null)
        {
            foreach (var buffer in ahead.Values)
                buffer.Return();
        }

        inbound.Clear();
        inFlight.Clear();
        unsent.Clear();
        ahead = null;
        if (windowCharged > 0)
        {
            GiveBack(windowCharged);
            windowCharged = 0;
        }

        if (reserved)
        {
            reserved = false;
            memory!.Memory.ReleaseStream();
        }

        parkedReader = null;
        stage?.Signal();
    }

    private void Answered(StreamEnd end, string reason)
    {
        Offer?.Abandon();
        Opening?.Failed(end, reason);
    }

    /// <summary>The one buffer that the stream's reserve pays for.</summary>
    private sealed class ReserveCharge(RelayStream stream) : IBufferCharge
    {
        public void Refund(int capacity) => Volatile.Write(ref stream.reserveUsed, 0);
    }
}
