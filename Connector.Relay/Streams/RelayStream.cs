using System.Buffers.Binary;
using Connector.Relay.Accounting;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Memory;

namespace Connector.Relay.Streams;

/// <summary>
/// One live stream of a link, either end: ordered bytes both ways with credit. Belongs to the link and moves to another lane when its own
/// dies. Lane loops put bytes in and take bytes out, a stage does the same on the other side; both meet here under one short lock and never
/// wait for each other.
/// </summary>
public sealed class RelayStream : LaneSource
{
    /// <summary>Bytes that may wait here for the lane before the stage is asked to stop reading.</summary>
    private const int UnsentHigh = 256 << 10;

    /// <summary>Bytes that wait here when the stage is asked to read again.</summary>
    private const int UnsentLow = 128 << 10;

    /// <summary>A CREDIT is due at once after this many pieces, so that a sender of small pieces does not hold a buffer for each.</summary>
    private const int CreditPieces = 16;

    /// <summary>Room that anything due fits in, data apart.</summary>
    private const int RoomForDue = 1200;

    private readonly Lock gate = new();
    private readonly Link link;
    private readonly InboundQueue inbound = new();
    private readonly OutboundQueue outbound = new();
    private readonly StreamAccount account;
    private Lane? lane;
    private IStreamSignals? stage;
    private Action? parkedReader;
    private Due due;
    private StreamOutcome? outcome;
    private RefusalCode refusal;
    private string refusalText = "";
    private ResetCode resetCode;
    private TimeSpan roundTrip;
    private long creditConsumed;
    private long askedAgainAt = -1;
    private int creditPieces;
    private int sendSize = BufferPool.Small;
    private int resumes;
    private bool readWaiting;
    private bool writeWaiting;
    private bool finWanted;
    private bool finPassedOn;
    private bool finalCreditSent;
    private bool awaitsReset;
    private bool acceptedSaid;
    private bool opened;
    private bool peerKnowsOpened;
    private bool left;

    // A lane on which we sent has died: nothing is sent until the peer has said what it has.
    private bool resuming;

    internal RelayStream(Link link, Lane? lane, uint id)
    {
        this.link = link;
        this.lane = lane;
        Id = id;
        account = new StreamAccount(link.Budget);
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

        /// <summary>Pieces were dropped: ask for them again.</summary>
        Again = 64,
    }

    public uint Id { get; }

    /// <summary>Bytes received from the other end of the link, contiguous.</summary>
    public long BytesReceived => inbound.Window.Received;

    /// <summary>Bytes sent on the link.</summary>
    public long BytesSent => outbound.Window.Sent;

    /// <summary>How often the stream went on over another lane after its own had died.</summary>
    public int Resumes => Volatile.Read(ref resumes);

    /// <summary>Its lane has died and it has not gone on yet: a pause that neither end is to blame for.</summary>
    public bool IsInterrupted => Lane is null || Volatile.Read(ref resuming);

    /// <summary>The lane on whose list of credits that can wait it stands; guarded by that lane.</summary>
    internal Lane? CreditWaitsOn { get; set; }

    internal override bool IsSmall => outbound.Unsent <= BufferPool.Small;

    /// <summary>Where its frames go out now; null while the link has no lane.</summary>
    internal Lane? Lane => Volatile.Read(ref lane);

    internal StreamOutcome? Outcome => Volatile.Read(ref outcome);

    /// <summary>Elements between the two stages of the graph. Only the interpreter touches them; what is left when it stops comes back.</summary>
    internal RelayBuffer? TransitIn { get; set; }

    internal RelayBuffer? TransitOut { get; set; }

    /// <summary>Edge: completes with the answer to OPEN.</summary>
    internal PendingOpen? Opening { get; set; }

    /// <summary>Edge: the OPEN, until its arrival is known.</summary>
    internal byte[]? OpenFrame { get; set; }

    /// <summary>Replica: the offer until it is answered.</summary>
    internal OfferedStream? Offer { get; set; }

    internal SocketMemory? Memory => account.Socket;

    internal bool AwaitsReset => Volatile.Read(ref awaitsReset);

    /// <summary>OPENED was said or has come.</summary>
    internal bool IsOpened => Volatile.Read(ref opened);

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

            account.Open(socketMemory, link.Now);
            inbound.Window = new ReceiveWindow(account.Window);
        }

        return true;
    }

    internal long InitialLimit => inbound.Window.Limit;

    internal void SayAccepted()
    {
        lock (gate)
            acceptedSaid = true;
        Raise(Due.Accepted);
    }

    internal void SayRefused(RefusalCode code, string text)
    {
        lock (gate)
        {
            if (outcome is not null)
                return;
            refusal = code;
            refusalText = text;
            outcome = new StreamOutcome(StreamEnd.Stopped, text, 0, 0);
            link.Metrics.StreamRefused(code);
            due |= Due.Refused;
        }

        Schedule();
    }

    internal void SayOpened()
    {
        lock (gate)
            opened = true;
        Raise(Due.Opened);
    }

    /// <summary>Edge: the OPEN has arrived and is being worked on.</summary>
    internal void OnAccepted() => OpenFrame = null;

    /// <summary>Edge: the upstream is connected.</summary>
    internal void OnOpened(long initialLimit)
    {
        OpenFrame = null;
        lock (gate)
        {
            if (outcome is not null)
                return;
            opened = true;
        }

        Credited(initialLimit);
        Opening?.Opened();
    }

    /// <summary>The peer's first limit, from OPEN or OPENED.</summary>
    internal void Credited(long initialLimit)
    {
        lock (gate)
            outbound.Credit(0, initialLimit);
        Schedule();
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
            if (inbound.Take() is { } buffer)
                return buffer;
            if (inbound.Window.AllReceived && outcome is null)
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
            inbound.Window.Consume(bytes);
            creditPieces++;
            var owed = inbound.Window.Consumed - creditConsumed;

            // A small piece with nothing behind it may be all that the sender's reserve pays for: it reads on when it knows that this was consumed.
            now = owed >= account.Window / 4 || creditPieces >= CreditPieces
                || (bytes <= BufferPool.Small && owed >= BufferPool.Small && !inbound.HasReady);
            if (now)
                due |= Due.Credit;
        }

        if (now)
            Schedule();
        else
            Lane?.ScheduleCredit(this);
    }

    /// <summary>The half-close was passed on to the local TCP connection.</summary>
    internal void ConsumedFin()
    {
        lock (gate)
        {
            if (outcome is not null)
                return;
            inbound.Window.ConsumeFin();
            finPassedOn = true;
            due |= Due.Credit;
        }

        Schedule();
    }

    /// <summary>Whether the stage should read more now; if not it is signalled when it should.</summary>
    internal bool WantsMore()
    {
        lock (gate)
        {
            if (outcome is null && outbound.Unsent < UnsentHigh && account.MayRent)
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
            var buffer = account.RentForSend(sendSize);
            if (buffer is null)
                parkedReader = parked;
            return buffer;
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
                outbound.Add(buffer);
                buffer = null!;
            }
        }

        if (buffer is not null)
            buffer.Return();
        else
            Schedule(inline: small);
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

        Schedule();
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

        Schedule();
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
                link.Forget(this, Tombstone.Reset);
        }
    }

    // ---- the lane's side; each may throw LaneProtocolException for what ends the lane

    internal void OnData(Lane reader, long offset, ReadOnlySpan<byte> bytes, int following)
    {
        bool again;
        lock (gate)
        {
            if (outcome is not null)
                return;
            peerKnowsOpened = true;
            again = inbound.Put(offset, bytes, following, account) == Arrival.Dropped && inbound.Window.Received > askedAgainAt;
            if (again)
            {
                // Once until there is progress: what was asked for is on its way.
                askedAgainAt = inbound.Window.Received;
                due |= Due.Again;
            }
            else if (!readWaiting || !inbound.HasReady)
            {
                return;
            }
        }

        // Not at once: more of this frame may be decrypted already, and one wake-up for all of it is enough.
        if (again)
            Schedule();
        else
            reader.WakeLater(this);
    }

    internal override void Wake()
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
            peerKnowsOpened = true;
            inbound.Window.Fin(final);
            WakeReader();
        }
    }

    internal void OnCredit(Lane reader, long consumed, long limit)
    {
        Action? unpark = null;
        bool sendable, shown;
        lock (gate)
        {
            if (outcome is not null)
                return;
            peerKnowsOpened = true;
            shown = outbound.Credit(consumed, limit);
            sendable = AfterCredit(ref unpark);
        }

        if (shown)
            reader.PathShown();
        unpark?.Invoke();
        if (sendable)
            Schedule();
    }

    internal void OnReset(ResetCode code)
    {
        var reason = $"the other end reset the stream: {code}";
        lock (gate)
        {
            if (outcome is not null)
            {
                if (!awaitsReset)
                    return;
                awaitsReset = false;
                Opening?.ReleaseSlot();

                // When ours is not written yet the two crossed, and the peer waits for it: the writer forgets the stream then.
                if ((due & Due.Reset) == 0)
                    link.Forget(this, Tombstone.Reset);
                return;
            }

            resetCode = code;
            Close(StreamEnd.RemoteReset, reason);
            due = Due.Reset;
        }

        Answered(StreamEnd.RemoteReset, reason);
        Opening?.ReleaseSlot();
        Schedule();
    }

    /// <summary>The link is gone: nothing can be said to the peer any more.</summary>
    internal void OnLost(string reason)
    {
        lock (gate)
        {
            due = Due.None;
            awaitsReset = false;
            if (outcome is null)
                Close(StreamEnd.LinkLost, reason);
        }

        link.Forget(this, Tombstone.Reset);
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

        link.Forget(this, Tombstone.Reset);
    }

    /// <summary>Repeats the last answer to a duplicate OPEN.</summary>
    internal void RepeatAnswer()
    {
        lock (gate)
            RaiseAnswer();
        Schedule();
    }

    // ---- resuming

    /// <summary>
    /// The lane has died, or the link has one again: the stream's frames go over another (null: none), and what may have been lost with the old
    /// one is due again. Under the link's lock.
    /// </summary>
    /// <returns>What the peer is to be asked; null when nothing of the stream needs an answer, or there is no lane to ask on.</returns>
    internal ResumeEntry? MoveTo(Lane? next)
    {
        ResumeEntry? ask = null;
        lock (gate)
        {
            // It ended between the choice and the move.
            if (left)
                return null;
            if (lane is { } old)
            {
                roundTrip = old.MinimumRoundTrip;
                old.StreamRemoved();
            }

            next?.StreamAdded();
            Volatile.Write(ref lane, next);
            if (outcome is not null)
            {
                // Said or not: the peer may not have heard it.
                if (awaitsReset)
                    due |= Due.Reset;
            }
            else
            {
                if (Offer is not null && !peerKnowsOpened)
                    RaiseAnswer();
                if (account.IsReserved && inbound.Window.Consumed > 0)
                {
                    // The last one too: the stream is not complete before it was said where it may be heard.
                    due |= Due.Credit;
                    finalCreditSent = false;
                }

                if (askedAgainAt == inbound.Window.Received)
                    due |= Due.Again;
                if (opened)
                    resuming = true;
                if (next is not null && (opened || (Opening is not null && OpenFrame is null)))
                {
                    ask = Entry(ResumeAsk.Answer);
                    if (opened)
                        resumes++;
                }
            }
        }

        next?.Schedule(this);
        return ask;
    }

    /// <summary>What the peer says it has. Asked for or not, it is true, and sending again is harmless.</summary>
    /// <returns>What it asks for in return, or null.</returns>
    internal ResumeEntry? OnResume(ResumeEntry entry)
    {
        Action? unpark = null;
        ResumeEntry? answer = null;
        lock (gate)
        {
            if (outcome is not null)
                return null;
            if (entry.State == ResumeState.Finished)
            {
                FinishedByPeer();
            }
            else
            {
                if (entry.State == ResumeState.Opening && Offer is not null)
                    RaiseAnswer();
                else if (entry.State == ResumeState.Open)
                    peerKnowsOpened = true;
                if (opened)
                    TakeResume(entry, ref unpark);
                if ((entry.Ask & ResumeAsk.Answer) != 0)
                    answer = Entry(ResumeAsk.None);
            }
        }

        unpark?.Invoke();
        Schedule();
        return answer;
    }

    /// <summary>
    /// Writes what is due into a batch: answers first, then credit, then at most one quantum of data, then FIN. Called by the lane's writer.
    /// </summary>
    /// <returns>Whether there is more that could be written now.</returns>
    internal override bool WriteTo(Lane writer, Span<byte> batch, ref int position)
    {
        lock (gate)
        {
            // One that has moved says nothing more on a lane that is dead for us.
            if (writer != lane)
                return false;
            if (due != Due.None && !WriteDue(batch, ref position))
                return true;
            if (outcome is not null || resuming)
                return false;

            var more = WriteData(batch, ref position);
            if ((due & Due.Fin) != 0 && outbound.Unsent == 0)
            {
                if (batch.Length - position < FrameLimits.HeaderSize + 8)
                    return true;
                WriteNumber(batch, ref position, FrameType.Fin, outbound.Window.Sent);
                outbound.Window.Fin();
                due &= ~Due.Fin;
            }

            if (writeWaiting && outbound.Unsent < UnsentLow)
                WakeWriter();
            return more;
        }
    }

    internal void RaiseCredit()
    {
        lock (gate)
        {
            if (outcome is null && creditConsumed < inbound.Window.Consumed)
                due |= Due.Credit;
        }

        Schedule();
    }

    /// <summary>The stream leaves the link's table.</summary>
    internal void LeaveLane()
    {
        lock (gate)
        {
            left = true;
            lane?.StreamRemoved();
        }
    }

    private void Raise(Due what)
    {
        lock (gate)
        {
            if (outcome is not null)
                return;
            due |= what;
        }

        Schedule();
    }

    /// <summary>What is due goes out on the stream's lane; without one it waits for the next.</summary>
    private void Schedule(bool inline = false)
    {
        while (Lane is { } current)
        {
            current.Schedule(this, inline);

            // It moved meanwhile: the old lane writes nothing for it any more, and the new one may have been told before there was something.
            if (Lane == current)
                return;
        }
    }

    private void RaiseAnswer()
    {
        if (outcome is null)
            due |= opened ? Due.Opened : acceptedSaid ? Due.Accepted : Due.None;
    }

    private ResumeEntry Entry(ResumeAsk ask) => new(
        Id, opened ? ResumeState.Open : ResumeState.Opening, ask, inbound.Window.Received, inbound.Window.Limit, inbound.Window.Final);

    private void TakeResume(ResumeEntry entry, ref Action? unpark)
    {
        if (entry.Final is { } final && outbound.Window.Final != final)
            throw new LaneProtocolException($"RESUME says the final offset is {final}, it is {outbound.Window.Final?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "not known"}") { Kind = ProtocolViolation.ContradictingFin };
        outbound.Credit(outbound.Window.Consumed, entry.Limit);

        // Without a loss of ours a wish is needed: an answer that comes twice must not send everything twice.
        if (resuming || (entry.Ask & ResumeAsk.Data) != 0)
        {
            link.Resent(outbound.Rewind(entry.Received));
            if (finWanted && entry.Final is null)
                due |= Due.Fin;
        }

        resuming = false;
        _ = AfterCredit(ref unpark);
    }

    /// <summary>The peer had everything of ours consumed and has had our last credit; only its own last credit was lost.</summary>
    private void FinishedByPeer()
    {
        if (!outbound.Finished())
            throw new LaneProtocolException("RESUME says the stream is finished, but not everything was sent") { Kind = ProtocolViolation.BadOffset };
        resuming = false;
        CompleteWhenDone();
    }

    /// <summary>Under the lock, after the peer's numbers have grown.</summary>
    /// <returns>Whether something can be sent.</returns>
    private bool AfterCredit(ref Action? unpark)
    {
        WakeWriter();
        if (parkedReader is not null && account.MayRent)
            (unpark, parkedReader) = (parkedReader, null);
        CompleteWhenDone();
        return outcome is null && outbound.Unsent > 0 && outbound.Window.Sendable > 0;
    }

    private void WakeReader()
    {
        if (!readWaiting || (!inbound.HasReady && !inbound.Window.AllReceived))
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
        if (batch.Length - position < RoomForDue)
            return false;
        if ((due & Due.Reset) != 0)
        {
            Write(ControlFrames.Reset(Id, resetCode), batch, ref position);
            due = Due.None;
            if (!awaitsReset)
                link.Forget(this, Tombstone.Reset);
            return true;
        }

        if ((due & Due.Refused) != 0)
        {
            Write(ControlFrames.Refused(Id, refusal, refusalText), batch, ref position);
            due = Due.None;
            link.Forget(this, Tombstone.Refused(refusal));
            return true;
        }

        if ((due & Due.Accepted) != 0)
        {
            new FrameHeader(FrameType.Accepted, Id, 0).Write(batch[position..]);
            position += FrameLimits.HeaderSize;
        }

        if ((due & Due.Opened) != 0)
            WriteNumber(batch, ref position, FrameType.Opened, inbound.Window.Limit);
        if ((due & Due.Again) != 0)
            Write(ControlFrames.Resume([Entry(ResumeAsk.Data)]), batch, ref position);
        if ((due & Due.Credit) != 0)
            WriteCredit(batch, ref position);
        due &= Due.Fin;
        return true;
    }

    private void WriteCredit(Span<byte> batch, ref int position)
    {
        ref var window = ref inbound.Window;
        account.Grow(window.Consumed, link.Now, lane?.MinimumRoundTrip ?? roundTrip);
        window.Raise(window.Consumed - (finPassedOn ? 1 : 0) + account.Window);
        creditConsumed = window.Consumed;
        creditPieces = 0;
        new FrameHeader(FrameType.Credit, Id, 16).Write(batch[position..]);
        BinaryPrimitives.WriteInt64BigEndian(batch[(position + FrameLimits.HeaderSize)..], creditConsumed);
        BinaryPrimitives.WriteInt64BigEndian(batch[(position + FrameLimits.HeaderSize + 8)..], window.Limit);
        position += FrameLimits.HeaderSize + 16;
        due &= ~Due.Credit;
        if (finPassedOn)
        {
            finalCreditSent = true;
            CompleteWhenDone();
        }
    }

    private bool WriteData(Span<byte> batch, ref int position)
    {
        var quantum = FrameLimits.MaxData;
        while (outbound.Unsent > 0 && outbound.Window.Sendable > 0)
        {
            if (quantum <= 0)
                return true;

            // What must be said of the other direction travels with the data.
            if (creditConsumed < inbound.Window.Consumed && batch.Length - position >= 28)
            {
                WriteCredit(batch, ref position);
                if (outcome is not null)
                    return false;
            }

            var written = outbound.WriteNext(Id, quantum, batch, ref position);
            if (written < 0)
                return true;
            quantum -= written;
        }

        return false;
    }

    private static void Write(byte[] frame, Span<byte> batch, ref int position)
    {
        frame.CopyTo(batch[position..]);
        position += frame.Length;
    }

    private void WriteNumber(Span<byte> batch, ref int position, FrameType type, long number)
    {
        new FrameHeader(type, Id, 8).Write(batch[position..]);
        BinaryPrimitives.WriteInt64BigEndian(batch[(position + FrameLimits.HeaderSize)..], number);
        position += FrameLimits.HeaderSize + 8;
    }

    private void CompleteWhenDone()
    {
        if (outcome is null && finalCreditSent && outbound.Window.AllConsumed)
        {
            due = Due.None;
            Close(StreamEnd.Completed, "both sides closed");
            link.Forget(this, Tombstone.Finished);
        }
    }

    /// <summary>Under the lock: fixes the outcome and gives everything back.</summary>
    private void Close(StreamEnd end, string reason)
    {
        outcome = new StreamOutcome(end, reason, inbound.Window.Consumed - (finPassedOn ? 1 : 0), outbound.Queued)
        {
            Code = resetCode == default ? null : resetCode,
            Resumes = resumes,
        };
        OpenFrame = null;
        if (account.IsReserved)
            link.Metrics.Window(account.Window);
        inbound.ReturnAll();
        outbound.ReturnAll();
        account.Close();
        parkedReader = null;
        stage?.Signal();
    }

    private void Answered(StreamEnd end, string reason)
    {
        Offer?.Abandon();
        Opening?.Failed(end, reason);
    }
}
