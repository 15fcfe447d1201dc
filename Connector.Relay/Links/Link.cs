using System.Collections.Concurrent;
using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Relay.Links;

/// <summary>What both ends of a link share: its lanes, its streams, and what frames do to them.</summary>
public abstract class Link
{
    // Beyond it the oldest is forgotten: its id is a tombstone then, and a late answer harms nothing.
    private const int MaxAwaitingReset = 2048;

    private readonly ConcurrentDictionary<uint, RelayStream> streams = new();
    private readonly Tombstones tombstones = new();
    private readonly Queue<RelayStream> awaitingReset = new();
    private readonly HashSet<int> usedLaneNumbers = [];
    private readonly long startedAt;
    private ImmutableArray<Lane> lanes = [];
    private bool ended;

    private protected Link(LinkId id, RelayMemory memory, TimeProvider time)
    {
        Id = id;
        Time = time;
        startedAt = time.GetTimestamp();
        Budget = memory.ForLink();
    }

    public LinkId Id { get; }

    public int LiveLanes => lanes.Length;

    /// <summary>Streams that are open or being opened, and ended ones whose farewell is not yet answered.</summary>
    public int LiveStreams => streams.Count;

    /// <summary>The path lamp of this link.</summary>
    public PathProof Path => new(LiveLanes > 0, null);

    internal MemoryBudget Budget { get; }

    internal TimeProvider Time { get; }

    /// <summary>Monotonic, from the link's beginning.</summary>
    internal TimeSpan Now => Time.GetElapsedTime(startedAt);

    private protected Lock Gate { get; } = new();

    private protected ImmutableArray<Lane> Lanes => lanes;

    private protected bool Ended => Volatile.Read(ref ended);

    public override string ToString() => $"link {Id}";

    internal void Forget(RelayStream stream)
    {
        tombstones.Add(stream.Id);
        if (streams.TryRemove(stream.Id, out _))
            stream.Lane.StreamRemoved();
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

    /// <summary>The peer broke the protocol on this lane: say so and end it. Only this lane.</summary>
    internal void ProtocolBroken(Lane lane, string reason)
        => lane.Close(ControlFrames.GoAway(GoAwayReason.Protocol, TimeSpan.Zero, 0, reason), $"protocol broken by the other end: {reason}", LaneEndKind.Protocol);

    // ---- from a lane's reader

    internal void OnFrame(Lane lane, FrameHeader header, ReadOnlySpan<byte> content)
    {
        switch (header.Type)
        {
            case FrameType.Credit:
                var credit = new ContentReader(content);
                long consumed = credit.U64(), limit = credit.U64();
                Find(lane, header.Stream)?.OnCredit(consumed, limit);
                break;
            case FrameType.Fin:
                var final = new ContentReader(content).U64();
                Find(lane, header.Stream)?.OnFin(final);
                break;
            case FrameType.Reset:
                OnReset(lane, header.Stream, (ResetCode)new ContentReader(content).U16());
                break;
            case FrameType.Resume:
                // Streams end with their lane in this version, so nothing can be resumed; the answer says so.
                foreach (var entry in ControlFrames.ReadResume(content))
                    _ = Find(lane, entry.Stream);
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
                    throw new LaneProtocolException($"a {header.Type} frame does not belong here");
                break;
        }
    }

    internal void OnData(Lane lane, uint stream, long offset, ReadOnlySpan<byte> bytes, int following)
        => Find(lane, stream)?.OnData(lane, offset, bytes, following);

    internal void OnLaneEnded(Lane lane, LaneEnd end)
    {
        bool last;
        lock (Gate)
        {
            lanes = lanes.Remove(lane);
            last = lanes.IsEmpty;
        }

        foreach (var sibling in lanes)
            sibling.Enqueue(ControlFrames.LaneDead(lane.Number));
        foreach (var stream in streams.Values)
        {
            if (stream.Lane == lane)
                stream.OnLost($"lane {lane.Number} was lost: {end.Reason}");
        }

        LaneEnded(lane, end, last);
    }

    private protected abstract bool OnLinkFrame(Lane lane, FrameHeader header, ReadOnlySpan<byte> content);

    private protected abstract void LaneEnded(Lane lane, LaneEnd end, bool last);

    /// <summary>Null when the link has ended or the number was used before; the stream is then disposed.</summary>
    private protected Lane? AddLane(int number, Stream stream)
    {
        var lane = new Lane(number, stream, this);
        lock (Gate)
        {
            if (ended || !usedLaneNumbers.Add(number))
            {
                stream.Dispose();
                return null;
            }

            lanes = lanes.Add(lane);
        }

        return lane;
    }

    private protected bool Add(RelayStream stream)
    {
        if (Ended || !streams.TryAdd(stream.Id, stream))
            return false;
        stream.Lane.StreamAdded();
        return true;
    }

    private protected RelayStream? Known(uint stream) => streams.GetValueOrDefault(stream);

    private protected bool IsFinished(uint stream) => tombstones.Contains(stream);

    private protected IEnumerable<RelayStream> Streams => streams.Values;

    private protected void EndLanes(string reason, byte[]? farewell)
    {
        ImmutableArray<Lane> ending;
        lock (Gate)
        {
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
            if (ending.IsEmpty || !ending.Contains(stream.Lane))
                stream.OnLost(reason);
        }
    }

    /// <summary>A frame for a stream that nobody knows is answered by RESET(gone); one for a finished stream is dropped.</summary>
    private RelayStream? Find(Lane lane, uint stream)
    {
        if (streams.TryGetValue(stream, out var found))
            return found;
        if (!tombstones.Contains(stream))
            lane.EnqueueGone(stream);
        return null;
    }

    private void OnReset(Lane lane, uint stream, ResetCode code)
    {
        if (streams.TryGetValue(stream, out var found))
            found.OnReset(code);
        else if (code != ResetCode.Gone)
            lane.EnqueueGone(stream);
    }
}
