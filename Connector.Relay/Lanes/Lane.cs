using System.Buffers.Binary;
using Connector.Relay.Accounting;
using Connector.Relay.Frames;
using Connector.Relay.Links;
using Connector.Relay.Streams;

namespace Connector.Relay.Lanes;

/// <summary>
/// One TLS connection of a link: a reader, a writer, liveness. The reader never writes and never waits for a stream: it sets what is due
/// and wakes the writer. The writer gathers what is ready into one write.
/// </summary>
public sealed class Lane : IFrameSink
{
    private const int ReadBufferSize = 128 << 10;
    private const int BatchSize = 128 << 10;
    private const int WakeAfter = 64 << 10;
    private const int MaxControlFrames = 16_384;
    private const int MaxControlBytes = 4 << 20;

    // A lane that is being closed says what is queued, but a stream that never runs dry may not keep it alive.
    private const int BatchesBeforeFarewell = 4;
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(3);

    // A connection that is closed while bytes lie unread is reset, and a reset may overtake the farewell.
    private static readonly TimeSpan FarewellLinger = TimeSpan.FromMilliseconds(500);

    private readonly Lock gate = new();

    // Those with little to say go before those that move a lot, so that a keystroke does not wait for a quantum of each of a thousand bulk streams.
    private readonly Queue<LaneSource> small = new();
    private readonly Queue<LaneSource> bulk = new();
    private readonly Queue<byte[]> control = new();
    private readonly List<RelayStream> creditWaiting = [];
    private readonly List<LaneSource> toWake = [];
    private readonly TaskCompletionSource<LaneEnd> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TokenBucket goneRate = new(perSecond: 100, burst: 200);
    private readonly PathProbe probe;
    private readonly TimeSpan startedAt;
    private readonly LaneLiveness liveness;
    private readonly Stream stream;
    private readonly Link link;
    private readonly TaskCompletionSource readerDone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] batch = GC.AllocateUninitializedArray<byte>(BatchSize, pinned: true);
    private ITimer? timer;
    private int controlBytes;
    private int unwoken;
    private int pump;
    private int streams;
    private int aborted;
    private bool farewellSaid;
    private bool confirmed;
    private bool pingDue;
    private long pongDue = NoPong;
    private byte[]? farewell;
    private (string Reason, LaneEndKind Kind) closing;
    private TimeSpan closingSince;
    private int batchesSinceClose;
    private bool dataCame;
    private TimeSpan lastCheck;

    // Since when a missing proof tells against the lane: streams' own bytes came then, or we woke up.
    private TimeSpan doubtedFrom;
    private long minimumRoundTrip;

    private const long NoPong = long.MinValue;

    /// <param name="confirmed">The other end is known to have this lane; otherwise its first bytes will show it.</param>
    internal Lane(int number, Stream stream, Link link, bool confirmed)
    {
        this.confirmed = confirmed;
        Number = number;
        this.stream = stream;
        this.link = link;
        startedAt = link.Now;
        lastCheck = startedAt;
        doubtedFrom = startedAt;
        liveness = new LaneLiveness(startedAt);
        probe = new PathProbe(this);
    }

    private static class Pump
    {
        public const int Idle = 0;
        public const int Running = 1;
        public const int RunningMoreDue = 2;
    }

    public int Number { get; }

    /// <summary>Ends when the lane is dead. Never faults.</summary>
    public Task<LaneEnd> Completion => completion.Task;

    /// <summary>Smallest round trip seen on this lane, zero before the first.</summary>
    public TimeSpan MinimumRoundTrip => TimeSpan.FromTicks(Volatile.Read(ref minimumRoundTrip));

    /// <summary>Since a stream's path over this lane was last shown to work; null when it never was.</summary>
    internal TimeSpan? PathAge => probe.Age(link.Now);

    /// <summary>Whether the other end has shown that it has this lane. One that gave its dial up meanwhile never does, and streams would wait on it in vain.</summary>
    internal bool IsConfirmed => Volatile.Read(ref confirmed);

    /// <summary>Began so lately that a proof cannot be expected.</summary>
    internal bool IsYoung => link.Now - startedAt <= PathProbe.ProvenWithin;

    /// <summary>Streams whose frames go out on this lane.</summary>
    internal int Streams => Volatile.Read(ref streams);

    /// <summary>Cuts the connection without a farewell.</summary>
    public void Abort(string reason) => Abort(reason, LaneEndKind.Local);

    public override string ToString() => $"lane {Number} of {link}";

    internal void Start()
    {
        timer = link.Time.CreateTimer(static lane => ((Lane)lane!).Check(), this, LaneLiveness.CheckInterval, LaneLiveness.CheckInterval);
        if (Volatile.Read(ref aborted) != 0)
            timer.Dispose();

        // At once: it confirms the lane at the other end, and its answer is the first round trip that is known.
        Volatile.Write(ref pingDue, true);
        _ = Task.Run(ReadAsync);
        Wake(inline: false);
    }

    internal void StreamAdded() => Interlocked.Increment(ref streams);

    internal void StreamRemoved() => Interlocked.Decrement(ref streams);

    /// <summary>Queues a whole control frame. A peer that makes us queue more than the bound without reading is cut off.</summary>
    internal void Enqueue(byte[] frame)
    {
        bool full;
        lock (gate)
        {
            full = control.Count >= MaxControlFrames || controlBytes + frame.Length > MaxControlBytes;
            if (!full)
            {
                control.Enqueue(frame);
                controlBytes += frame.Length;
            }
        }

        if (full)
        {
            link.Metrics.Violation(ProtocolViolation.UnreadAnswers);

            // Not here: the caller may hold a lock of the link, and the end of a lane moves its streams.
            ThreadPool.UnsafeQueueUserWorkItem(static lane => lane.Abort("too many frames wait to be written", LaneEndKind.Protocol), this, preferLocal: false);
        }
        else
        {
            Wake(inline: false);
        }
    }

    /// <summary>Says that a stream is not known here. Rate-limited where the peer decides how often.</summary>
    internal void EnqueueGone(uint stream)
    {
        bool allowed;
        lock (gate)
            allowed = goneRate.TryTake(link.Now);
        if (allowed)
            Enqueue(ControlFrames.Reset(stream, ResetCode.Gone));
    }

    internal void EchoCame(ReadOnlySpan<byte> content) => probe.Asked(content, link.Now);

    internal void EchoAnswered(ReadOnlySpan<byte> content) => probe.Answered(content, link.Now);

    /// <summary>A stream made progress that shows a round trip over this lane.</summary>
    internal void PathShown() => probe.Proven(link.Now);

    /// <summary>Something of this stream can be written.</summary>
    /// <param name="inline">Little is due and the caller is no lane's reader: write at once on the caller's thread when nobody else does.</param>
    internal void Schedule(LaneSource source, bool inline = false)
    {
        lock (gate)
        {
            if (source.QueuedOn != this)
            {
                source.QueuedOn = this;
                (source.IsSmall ? small : bulk).Enqueue(source);
            }
        }

        Wake(inline);
    }

    /// <summary>Credit that may wait for data to travel with, at most until the next check.</summary>
    internal void ScheduleCredit(RelayStream ofStream)
    {
        lock (gate)
        {
            if (ofStream.CreditWaitsOn == this)
                return;
            ofStream.CreditWaitsOn = this;
            creditWaiting.Add(ofStream);
        }
    }

    /// <summary>By this lane's reader only: wake it before the reader waits for more.</summary>
    internal void WakeLater(LaneSource source)
    {
        if (source.WakesLater)
            return;
        source.WakesLater = true;
        toWake.Add(source);
    }

    internal void Abort(string reason, LaneEndKind kind)
    {
        if (Interlocked.Exchange(ref aborted, 1) != 0)
            return;
        timer?.Dispose();
        lock (gate)
        {
            // Whatever happens while a lane is being closed, it ends for the reason it is closed for.
            if (farewell is not null)
                (reason, kind) = closing;
        }

        // Disposal of a TLS stream may wait for a write under way; nobody who aborts may wait with it.
        ThreadPool.UnsafeQueueUserWorkItem(static lane => _ = lane.DisposeAsync(), this, preferLocal: false);
        var end = new LaneEnd(Number, kind, reason);
        try
        {
            link.OnLaneEnded(this, end);
        }
        finally
        {
            completion.TrySetResult(end);
        }
    }

    /// <summary>The other end said GOAWAY on this lane, and that it ends: closing it here spares it the wait for us.</summary>
    internal void SentAway(GoAwayReason reason, string text)
        => Abort(reason == GoAwayReason.Protocol ? $"the other end says that we broke the protocol: {text}" : $"the other end ended it: {text}", LaneEndKind.Remote);

    /// <summary>Writes a last frame behind what is queued, then ends. Bounded in bytes and in time.</summary>
    internal void Close(byte[] lastFrame, string reason, LaneEndKind kind)
    {
        lock (gate)
        {
            if (farewell is null)
            {
                closing = (reason, kind);
                closingSince = link.Now;
                farewell = lastFrame;
            }
        }

        Wake(inline: false);
    }

    void IFrameSink.Control(FrameHeader header, ReadOnlySpan<byte> content)
    {
        switch (header.Type)
        {
            case FrameType.Ping:
                link.Rates.Take(FrameType.Ping);
                Volatile.Write(ref pongDue, BinaryPrimitives.ReadInt64BigEndian(content));
                Wake(inline: false);
                break;
            case FrameType.Pong:
                var roundTrip = link.Now.Ticks - BinaryPrimitives.ReadInt64BigEndian(content);
                var smallest = Volatile.Read(ref minimumRoundTrip);
                if (roundTrip > 0 && (smallest == 0 || roundTrip < smallest))
                    Volatile.Write(ref minimumRoundTrip, roundTrip);
                if (roundTrip > 0)
                    link.Metrics.RoundTrip(TimeSpan.FromTicks(roundTrip));
                break;
            default:
                link.OnFrame(this, header, content);
                break;
        }
    }

    void IFrameSink.Data(uint ofStream, long offset, ReadOnlySpan<byte> bytes, int following)
    {
        dataCame = true;
        link.OnData(this, ofStream, offset, bytes, following);
    }

    private async Task ReadAsync()
    {
        var buffer = GC.AllocateUninitializedArray<byte>(ReadBufferSize, pinned: true);
        var decoder = new FrameDecoder();
        var filled = 0;
        try
        {
            while (true)
            {
                var reading = stream.ReadAsync(buffer.AsMemory(filled));
                if (!reading.IsCompleted || unwoken >= WakeAfter)
                    WakeReaders();
                var read = await reading.ConfigureAwait(false);
                if (read == 0)
                {
                    Abort("the other end closed the lane", LaneEndKind.Remote);
                    return;
                }

                liveness.Heard(link.Now);
                if (!confirmed)
                {
                    Volatile.Write(ref confirmed, true);
                    link.OnLaneConfirmed();
                }

                filled += read;
                unwoken += read;
                var consumed = decoder.Decode(buffer.AsSpan(0, filled), this);
                filled -= consumed;
                if (filled > 0 && consumed > 0)
                    buffer.AsSpan(consumed, filled).CopyTo(buffer);
            }
        }
        catch (LaneProtocolException broken)
        {
            link.Metrics.Violation(broken.Kind);
            link.ProtocolBroken(this, broken.Message);
            WakeReaders();
            await ReadToEndAsync(buffer).ConfigureAwait(false);
        }
        catch (Exception failure) when (IsConnectionFailure(failure))
        {
            Abort(failure.Message, LaneEndKind.Remote);
        }
        catch (Exception failure)
        {
            // A bug of ours: the lane ends with the whole story instead of leaving its streams without a reader.
            Abort($"internal error: {failure}", LaneEndKind.Local);
        }
        finally
        {
            // The streams live on, on another lane.
            WakeReaders();
            readerDone.TrySetResult();
        }
    }

    /// <summary>What comes behind a broken protocol means nothing any more. Ends with the connection, which is closed soon.</summary>
    private async Task ReadToEndAsync(byte[] buffer)
    {
        try
        {
            while (await stream.ReadAsync(buffer).ConfigureAwait(false) > 0)
            {
            }
        }
        catch (Exception ended) when (IsConnectionFailure(ended))
        {
            // As expected.
        }
    }

    private void WakeReaders()
    {
        unwoken = 0;
        foreach (var waiting in toWake)
        {
            waiting.WakesLater = false;
            waiting.Wake();
        }

        toWake.Clear();
    }

    private void Check()
    {
        var now = link.Now;
        List<RelayStream>? credits = null;
        lock (gate)
        {
            if (creditWaiting.Count > 0)
            {
                credits = [.. creditWaiting];
                creditWaiting.Clear();
                foreach (var waiting in credits)
                    waiting.CreditWaitsOn = null;
            }
        }

        if (credits is not null)
        {
            foreach (var waiting in credits)
            {
                waiting.RaiseCredit();
            }
        }

        bool closeOverdue;
        lock (gate)
            closeOverdue = farewell is not null && now - closingSince > CloseLimit;
        if (closeOverdue)
        {
            Abort(closing.Reason, closing.Kind);
            return;
        }

        link.Beat(now);
        if (dataCame || now - lastCheck > LaneLiveness.CheckInterval + LaneLiveness.SleptAfter)
        {
            dataCame = false;
            doubtedFrom = now;
        }

        lastCheck = now;
        if (link.AsksForPath)
        {
            probe.Ask(now);
            if (IsGivenUp(now))
            {
                Abort($"streams do not get through on it for {PathProbe.GivenUpAfter.TotalSeconds:0} s, although it answers", LaneEndKind.Silent);
                return;
            }
        }

        switch (liveness.Check(now))
        {
            case LaneVerdict.Silent:
                Abort($"nothing was heard for {LaneLiveness.DeadAfter.TotalSeconds:0.0} s", LaneEndKind.Silent);
                break;
            case LaneVerdict.WriteStalled:
                Abort($"a write stalled for {LaneLiveness.WriteStalledAfter.TotalSeconds:0} s", LaneEndKind.Silent);
                break;
            case LaneVerdict.Ping:
                Volatile.Write(ref pingDue, true);
                Wake(inline: false);
                break;
            case LaneVerdict.Alive:
                break;
        }
    }

    private bool IsGivenUp(TimeSpan now)
        => now - doubtedFrom > PathProbe.GivenUpAfter && !(PathAge <= PathProbe.GivenUpAfter) && link.HasProvenLaneBeside(this);

    private void Wake(bool inline)
    {
        if (Interlocked.Exchange(ref pump, Pump.RunningMoreDue) != Pump.Idle)
            return;
        if (inline)
            _ = WriteAsync(onCallersThread: true);
        else
            ThreadPool.UnsafeQueueUserWorkItem(static lane => _ = lane.WriteAsync(onCallersThread: false), this, preferLocal: false);
    }

    /// <summary>Runs while something is due. At most one runs at a time; it owns the batch.</summary>
    private async Task WriteAsync(bool onCallersThread)
    {
        try
        {
            while (true)
            {
                Volatile.Write(ref pump, Pump.Running);
                Interlocked.MemoryBarrier();
                var filled = Volatile.Read(ref aborted) == 0 && (farewell is null || ++batchesSinceClose <= BatchesBeforeFarewell) ? Fill() : 0;
                if (filled == 0)
                {
                    if (farewell is not null && Volatile.Read(ref aborted) == 0)
                    {
                        await SayFarewellAsync().ConfigureAwait(false);
                        return;
                    }

                    if (Interlocked.CompareExchange(ref pump, Pump.Idle, Pump.Running) == Pump.Running)
                        return;
                    continue;
                }

                liveness.WriteBegan(link.Now);
                await stream.WriteAsync(batch.AsMemory(0, filled)).ConfigureAwait(false);
                await stream.FlushAsync().ConfigureAwait(false);
                liveness.WriteEnded(link.Now);
                if (onCallersThread)
                {
                    // The caller lent its thread for one write; what came meanwhile is written elsewhere.
                    if (!HasMore() && Interlocked.CompareExchange(ref pump, Pump.Idle, Pump.Running) == Pump.Running)
                        return;
                    ThreadPool.UnsafeQueueUserWorkItem(static lane => _ = lane.WriteAsync(onCallersThread: false), this, preferLocal: false);
                    return;
                }
            }
        }
        catch (Exception failure) when (IsConnectionFailure(failure))
        {
            Abort(failure.Message, LaneEndKind.Remote);
        }
        catch (Exception failure)
        {
            Abort($"internal error: {failure}", LaneEndKind.Local);
        }
    }

    /// <summary>What did not fit the batch: whoever queued it has woken the pump before, and will not do so again.</summary>
    private bool HasMore()
    {
        lock (gate)
            return small.Count > 0 || bulk.Count > 0 || control.Count > 0 || farewell is not null;
    }

    private async Task SayFarewellAsync()
    {
        liveness.WriteBegan(link.Now);
        await stream.WriteAsync(farewell).ConfigureAwait(false);
        await stream.FlushAsync().ConfigureAwait(false);
        Volatile.Write(ref farewellSaid, true);
        Abort(closing.Reason, closing.Kind);
    }

    /// <returns>Bytes in the batch; 0 when nothing is due.</returns>
    private int Fill()
    {
        var position = 0;
        var pong = Interlocked.Exchange(ref pongDue, NoPong);
        if (pong != NoPong)
            WritePing(FrameType.Pong, pong, ref position);
        if (Volatile.Read(ref pingDue))
        {
            Volatile.Write(ref pingDue, false);
            WritePing(FrameType.Ping, link.Now.Ticks, ref position);
        }

        var smallBytes = 0;
        while (true)
        {
            LaneSource? next = null;
            var before = position;
            var wasSmall = false;
            lock (gate)
            {
                while (control.TryPeek(out var frame) && frame.Length <= BatchSize - position)
                {
                    frame.CopyTo(batch.AsSpan(position));
                    position += frame.Length;
                    controlBytes -= frame.Length;
                    control.Dequeue();
                }

                // What did not fit goes first in the next batch: a RESET may not overtake its OPEN.
                if (control.Count == 0 && BatchSize - position >= 4096)
                {
                    // But at most half of a batch: many that say little may not starve the others.
                    wasSmall = (smallBytes < BatchSize / 2 || bulk.Count == 0) && small.TryDequeue(out next);
                    if (!wasSmall)
                        bulk.TryDequeue(out next);
                    if (next?.QueuedOn == this)
                        next.QueuedOn = null;
                }
            }

            if (next is null)
                break;
            var more = next.WriteTo(this, batch, ref position);
            if (wasSmall)
                smallBytes += position - before;
            if (!more)
                continue;
            lock (gate)
            {
                if (next.QueuedOn != this)
                {
                    next.QueuedOn = this;
                    (next.IsSmall ? small : bulk).Enqueue(next);
                }
            }

            if (BatchSize - position < FrameLimits.MaxData / 2)
                break;
        }

        return position;
    }

    private void WritePing(FrameType type, long number, ref int position)
    {
        new FrameHeader(type, 0, 8).Write(batch.AsSpan(position));
        BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(position + FrameLimits.HeaderSize), number);
        position += FrameLimits.HeaderSize + 8;
    }

    private async Task DisposeAsync()
    {
        // By the real clock: nothing but the connection waits for it.
        if (Volatile.Read(ref farewellSaid))
            await Task.WhenAny(readerDone.Task, Task.Delay(FarewellLinger)).ConfigureAwait(false);
        try
        {
            stream.Dispose();
        }
        catch (Exception failure) when (IsConnectionFailure(failure))
        {
            // The connection was broken already; there is nothing left to close.
        }
    }

    private static bool IsConnectionFailure(Exception failure)
        => failure is IOException or ObjectDisposedException or System.Net.Sockets.SocketException or OperationCanceledException
            or System.Security.Authentication.AuthenticationException or InvalidOperationException;
}
