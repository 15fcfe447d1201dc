using System.Collections.Concurrent;
using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Relay.Accounting;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Relay.Links;

/// <summary>What both ends of a link share: its lanes, its streams, what frames do to them, and how streams go on when a lane has died.</summary>
public abstract class Link
{
    // Beyond it the oldest is forgotten: its id is a tombstone then, and a late answer harms nothing.
    private const int MaxAwaitingReset = 2048;

    // A new lane hears of so many: all that can have died at once. Those of long ago the peer has noticed itself.
    private const int MaxDeadLanes = 8;

    // Longer than a lane can be dead before that is noticed, our own sleep included: what was said on it since then may be lost.
    private static readonly TimeSpan LastWordsDoubted = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<uint, RelayStream> streams = new();
    private readonly Tombstones tombstones = new();
    private readonly Queue<RelayStream> awaitingReset = new();
    private readonly HashSet<int> usedLaneNumbers = [];
    private readonly Queue<int> deadLanes = new();
    private readonly List<(int Lane, TimeSpan Since)> lastWords = [];
    private readonly long startedAt;
    private ImmutableArray<Lane> lanes = [];
    private long resentBytes;
    private bool ended;

    private protected Link(LinkId id, RelayMemory memory, TimeProvider time)
    {
        Id = id;
        Time = time;
        startedAt = time.GetTimestamp();
        Rates = new LinkRates(() => Now);
        Budget = memory.ForLink();
        Metrics = memory.Metrics;
        Metrics.LinkBegan();
    }

    public LinkId Id { get; }

    public int LiveLanes => lanes.Length;

    /// <summary>Streams that are open or being opened, and ended ones whose farewell is not yet answered.</summary>
    public int LiveStreams => streams.Count;

    /// <summary>Bytes that were sent a second time after the loss of a lane.</summary>
    public long ResentBytes => Interlocked.Read(ref resentBytes);

    /// <summary>The path lamp of this link: on when streams were lately shown to get through on every lane.</summary>
    public PathProof Path
    {
        get
        {
            var all = lanes;
            TimeSpan? worst = null;
            foreach (var lane in all)
            {
                var age = lane.PathAge;
                if (age is null)
                {
                    // One that has just begun does not turn the lamp off beside one that is proven.
                    if (lane.IsYoung && all.Length > 1)
                        continue;
                    return new PathProof(false, null);
                }

                worst = worst > age ? worst : age;
            }

            return new PathProof(worst <= PathProbe.ProvenWithin, worst);
        }
    }

    internal MemoryBudget Budget { get; }

    internal RelayMetrics Metrics { get; }

    internal TimeProvider Time { get; }

    internal LinkRates Rates { get; }

    /// <summary>Monotonic, from the link's beginning.</summary>
    internal TimeSpan Now => Time.GetElapsedTime(startedAt);

    /// <summary>The edge's end asks on every lane whether streams get through; the replica's answers.</summary>
    internal abstract bool AsksForPath { get; }

    /// <summary>Never held while an owner is called.</summary>
    private protected Lock Gate { get; } = new();

    private protected ImmutableArray<Lane> Lanes => lanes;

    private protected bool IsEnded => Volatile.Read(ref ended);

    public override string ToString() => $"link {Id}";

    internal void Forget(RelayStream stream, Tombstone stone)
    {
        tombstones.Add(stream.Id, stone with { Lane = stream.Lane?.Number ?? 0, At = Now });
        if (streams.TryRemove(stream.Id, out _))
            stream.LeaveLane();
    }

    /// <summary>The stream waits for the peer's answer to its RESET. How many wait is bounded, since the peer decides how long.</summary>
    internal void AwaitReset(RelayStream stream)
    {
        RelayStream? oldest = null;
        lock (awaitingReset)
        {
            while (awaitingReset.TryPeek(out var answered) && !answered.AwaitsReset)
                awaitingReset.Dequeue();
            awaitingReset.Enqueue(stream);
            if (awaitingReset.Count > MaxAwaitingReset)
                oldest = awaitingReset.Dequeue();
        }

        oldest?.StopAwaitingReset();
    }

    internal void Resent(long bytes)
    {
        Interlocked.Add(ref resentBytes, bytes);
        Metrics.Resent(bytes);
    }

    /// <summary>The peer broke the protocol on this lane: say so and end it. Only this lane.</summary>
    internal void ProtocolBroken(Lane lane, string reason)
        => lane.Close(ControlFrames.GoAway(GoAwayReason.Protocol, TimeSpan.Zero, 0, reason), $"protocol broken by the other end: {reason}", LaneEndKind.Protocol);

    /// <summary>Every 100 ms from each lane, on no lane's reader.</summary>
    internal virtual void Beat(TimeSpan now)
    {
    }

    /// <summary>Whether the lane lives and may carry streams.</summary>
    internal bool HasConfirmed(int laneNumber) => lanes.Any(lane => lane.Number == laneNumber && lane.IsConfirmed);

    internal bool HasProvenLaneBeside(Lane doubtful)
    {
        foreach (var lane in lanes)
        {
            if (lane != doubtful && lane.PathAge <= PathProbe.ProvenWithin)
                return true;
        }

        return false;
    }

    // ---- from a lane's reader

    internal void OnFrame(Lane lane, FrameHeader header, ReadOnlySpan<byte> content)
    {
        if (header.Type != FrameType.Resume)
            Rates.Take(header.Type);
        switch (header.Type)
        {
            case FrameType.Credit:
                var credit = new ContentReader(content);
                long consumed = credit.U64(), limit = credit.U64();
                if (Find(lane, header.Stream) is { } credited)
                {
                    using var fault = new StreamFault(credited);
                    credited.OnCredit(lane, consumed, limit);
                    fault.None();
                }

                break;
            case FrameType.Fin:
                var final = new ContentReader(content).U64();
                if (Find(lane, header.Stream) is { } finishing)
                {
                    using var fault = new StreamFault(finishing);
                    finishing.OnFin(final);
                    fault.None();
                }

                break;
            case FrameType.Reset:
                OnReset(lane, header.Stream, (ResetCode)new ContentReader(content).U16());
                break;
            case FrameType.Resume:
                OnResume(lane, content);
                break;
            case FrameType.LaneDead:
                var number = ControlFrames.ReadU32(content);
                foreach (var other in lanes)
                {
                    if (other.Number == number && other != lane)
                        other.Abort("the other end says that the lane is dead", LaneEndKind.Remote);
                }

                break;
            default:
                if (!OnLinkFrame(lane, header, content))
                {
                    throw new LaneProtocolException($"a {header.Type} frame does not belong here")
                    {
                        Kind = header.Type == FrameType.Hello ? ProtocolViolation.SecondHello : ProtocolViolation.MisplacedFrame,
                    };
                }

                break;
        }
    }

    internal void OnData(Lane lane, uint stream, long offset, ReadOnlySpan<byte> bytes, int following)
    {
        if (Find(lane, stream) is not { } found)
            return;
        using var fault = new StreamFault(found);
        found.OnData(lane, offset, bytes, following);
        fault.None();
    }

    /// <summary>A lane has shown that both ends have it: streams without a lane go on over it.</summary>
    internal void OnLaneConfirmed()
    {
        lock (Gate)
        {
            if (ended)
                return;
            CatchUp();
        }
    }

    internal void OnLaneEnded(Lane lane, LaneEnd end)
    {
        bool last;
        List<RelayStream>? lost = null;
        Metrics.LaneLost(end.Kind);
        lock (Gate)
        {
            lanes = lanes.Remove(lane);
            last = lanes.IsEmpty;
            deadLanes.Enqueue(lane.Number);
            if (deadLanes.Count > MaxDeadLanes)
                deadLanes.Dequeue();
            if (ended)
            {
                lost = [.. streams.Values.Where(stream => stream.Lane == lane)];
            }
            else
            {
                foreach (var living in lanes)
                    living.Enqueue(ControlFrames.LaneDead(lane.Number));

                // Streams first: one that ends meanwhile ends with a frame on this lane, or on the next.
                lost = Move(lane);
                lastWords.Add((lane.Number, Now - LastWordsDoubted));
                RepeatLastWords();
            }
        }

        foreach (var stream in lost)
        {
            if (IsEnded)
                stream.OnLost($"lane {lane.Number} was lost: {end.Reason}");
            else
                Detached(stream, $"lane {lane.Number} was lost: {end.Reason}");
        }

        LaneEnded(lane, end, last);
    }

    private protected abstract bool OnLinkFrame(Lane lane, FrameHeader header, ReadOnlySpan<byte> content);

    private protected abstract void LaneEnded(Lane lane, LaneEnd end, bool last);

    /// <summary>The link has no lane left that the stream could use.</summary>
    private protected abstract void Detached(RelayStream stream, string reason);

    /// <summary>Null when the link has ended or the number was used before; the stream is then disposed.</summary>
    private protected Lane? AddLane(int number, Stream stream)
    {
        var lane = new Lane(number, stream, this, confirmed: !AsksForPath);
        lock (Gate)
        {
            if (ended || !usedLaneNumbers.Add(number))
            {
                stream.Dispose();
                return null;
            }

            lanes = lanes.Add(lane);
            Metrics.LaneAttached();
            foreach (var dead in deadLanes)
                lane.Enqueue(ControlFrames.LaneDead(dead));
            CatchUp();
        }

        return lane;
    }

    private protected bool Add(RelayStream stream)
    {
        if (IsEnded || !streams.TryAdd(stream.Id, stream))
            return false;
        stream.Lane?.StreamAdded();
        return true;
    }

    private protected RelayStream? Known(uint stream) => streams.GetValueOrDefault(stream);

    private protected Tombstone? Ended(uint stream) => tombstones.Find(stream);

    private protected IEnumerable<RelayStream> Streams => streams.Values;

    private protected Lane? ChooseLane()
    {
        Lane? best = null;
        foreach (var lane in lanes)
        {
            if (lane.IsConfirmed && (best is null || Compare(lane, best) > 0))
                best = lane;
        }

        return best;

        // A lane that is proven before one that may yet be, and that before one that should have been; of two equals the one with fewer streams.
        static int Compare(Lane one, Lane other)
            => Rank(one) is var rank && rank != Rank(other) ? rank - Rank(other) : other.Streams - one.Streams;

        static int Rank(Lane lane) => lane.PathAge <= PathProbe.ProvenWithin ? 2 : lane.IsYoung ? 1 : 0;
    }

    private protected void EndLanes(string reason, byte[]? farewell)
    {
        ImmutableArray<Lane> ending;
        lock (Gate)
        {
            if (!ended)
                Metrics.LinkEnded();
            ended = true;
            ending = lanes;
        }

        foreach (var lane in ending)
        {
            if (farewell is null)
                lane.Abort(reason, LaneEndKind.Local);
            else
                lane.Close(farewell, reason, LaneEndKind.Local);
        }

        foreach (var stream in streams.Values)
        {
            if (stream.Lane is not { } lane || !ending.Contains(lane))
                stream.OnLost(reason);
        }
    }

    /// <summary>There may be a lane again for what had none. Under the lock.</summary>
    private void CatchUp()
    {
        Move(from: null);
        RepeatLastWords();
    }

    /// <summary>
    /// Gives the streams of a dead lane (null: those without a lane) to living ones, and asks the peer there what it has of them (rule 6). Under
    /// the lock, so that no lane dies between the choice and the move.
    /// </summary>
    /// <returns>Those for which there is no lane.</returns>
    private List<RelayStream> Move(Lane? from)
    {
        var stranded = new List<RelayStream>();
        var asks = new Dictionary<Lane, List<ResumeEntry>>();
        foreach (var stream in streams.Values)
        {
            if (stream.Lane != from)
                continue;
            var next = ChooseLane();
            var ask = stream.MoveTo(next);
            if (next is null)
            {
                stranded.Add(stream);
                continue;
            }

            if (stream.IsOpened)
                Metrics.StreamResumed();

            if (stream.OpenFrame is { } open)
                next.Enqueue(open);
            if (ask is { } entry)
            {
                if (!asks.TryGetValue(next, out var entries))
                    asks.Add(next, entries = []);
                entries.Add(entry);
            }
        }

        foreach (var (lane, entries) in asks)
            Say(lane, entries);
        return stranded;
    }

    /// <summary>Streams that ended with a frame on a dead lane: the peer may still wait for it, on a lane of its own choice that is well.</summary>
    private void RepeatLastWords()
    {
        if (lastWords.Count == 0 || ChooseLane() is not { } speaker)
            return;
        var finished = new List<ResumeEntry>();
        var others = new List<byte[]>();
        foreach (var (id, stone) in lastWords.SelectMany(lost => tombstones.SayAgain(lost.Lane, lost.Since, speaker.Number, Now)))
        {
            if (stone.Completed)
                finished.Add(Finished(id));
            else
                others.Add(LastWord(id, stone));
        }

        lastWords.Clear();
        Say(speaker, finished);
        Say(speaker, others);
    }

    private static ResumeEntry Finished(uint id) => new(id, ResumeState.Finished, ResumeAsk.None, 0, 0, null);

    private protected static byte[] LastWord(uint id, Tombstone? stone) => stone is { Refusal: { } code }
        ? ControlFrames.Refused(id, code, "refused before, but that answer was lost with its lane")
        : ControlFrames.Reset(id, ResetCode.Gone);

    private static void Say(Lane lane, List<ResumeEntry> entries)
    {
        foreach (var part in entries.Chunk(ControlFrames.MaxResumeEntries))
            lane.Enqueue(ControlFrames.Resume(part));
    }

    private static void Say(Lane lane, List<byte[]> frames)
    {
        // As few pieces: how many may wait to be written is bounded.
        foreach (var part in frames.Chunk(1024))
            lane.Enqueue([.. part.SelectMany(frame => frame)]);
    }

    private void OnResume(Lane lane, ReadOnlySpan<byte> content)
    {
        var entries = ControlFrames.ReadResume(content);
        Rates.Take(FrameType.Resume, entries.Count);
        var answers = new List<ResumeEntry>();
        var unknown = new List<byte[]>();
        foreach (var entry in entries)
        {
            if (streams.TryGetValue(entry.Stream, out var stream))
            {
                using var fault = new StreamFault(stream);
                if (stream.OnResume(entry) is { } answer)
                    answers.Add(answer);
                fault.None();
            }
            else if ((entry.Ask & ResumeAsk.Answer) != 0)
            {
                // How many there are is bounded by the rate of RESUME, so each gets its answer: a stream that waited for it would hang.
                var stone = Ended(entry.Stream);
                if (stone is { Completed: true })
                    answers.Add(Finished(entry.Stream));
                else
                    unknown.Add(LastWord(entry.Stream, stone));
            }
        }

        Say(lane, answers);
        Say(lane, unknown);
    }

    /// <summary>A frame for a stream that nobody knows is answered by RESET(gone); one for a finished stream is dropped.</summary>
    private RelayStream? Find(Lane lane, uint stream)
    {
        if (streams.TryGetValue(stream, out var found))
            return found;
        if (!tombstones.Contains(stream))
        {
            Metrics.Violation(ProtocolViolation.UnknownStream);
            lane.EnqueueGone(stream);
        }

        return null;
    }

    private void OnReset(Lane lane, uint stream, ResetCode code)
    {
        // Each is answered, since whoever sent it keeps the stream until then; how many is bounded by the rate of RESET.
        if (streams.TryGetValue(stream, out var found))
            found.OnReset(code);
        else if (code != ResetCode.Gone)
            lane.Enqueue(ControlFrames.Reset(stream, ResetCode.Gone));
    }

    /// <summary>What a stream's frame breaks ends the lane; the stream whose frame it was cannot go on over another.</summary>
    private ref struct StreamFault(RelayStream stream)
    {
        private bool none;

        public void None() => none = true;

        public readonly void Dispose()
        {
            if (!none)
                stream.End(StreamEnd.Failed, "the other end broke the protocol on this stream", ResetCode.Internal);
        }
    }
}
