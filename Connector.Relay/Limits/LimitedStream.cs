using Connector.Relay.Frames;
using Connector.Relay.Streams;

namespace Connector.Relay.Limits;

/// <summary>
/// A live stream under the limits of its socket: its share of the rate, what it has moved, and its end when a limit is reached. The stage of the stream's
/// connection uses it, one operation at a time in each direction.
/// </summary>
public sealed class LimitedStream
{
    private readonly RelayStream stream;
    private readonly ByteRate rate;
    private Action? resumeRead;
    private Action? resumeWrite;
    private int wantedRead;
    private int wantedWrite;
    private int grantedRead;
    private int grantedWrite;
    private long bytesRead;
    private long bytesWritten;
    private bool writeIsNext;

    public LimitedStream(RelayStream stream, ByteRate rate)
    {
        this.stream = stream;
        this.rate = rate;
        Node = new LinkedListNode<LimitedStream>(this);
    }

    /// <summary>Grows with each byte that moves in either direction, over the link or at the upstream.</summary>
    public long BytesMoved => stream.BytesReceived + stream.BytesSent + BytesAtUpstream;

    /// <summary>
    /// Bytes are on their way and cannot get on: to the upstream, to the link (a cut lane), or for their turn. Such a stream is not idle. Nor is one whose
    /// lane has died and that has not gone on yet. Bytes that the link has sent and the other end has not consumed yet are not seen from here.
    /// </summary>
    public bool BytesWait => Volatile.Read(ref bytesRead) > stream.BytesSent || stream.BytesReceived > Volatile.Read(ref bytesWritten) || Waits || stream.IsInterrupted;

    /// <summary>Bytes that the upstream has sent.</summary>
    public long BytesFromUpstream => Volatile.Read(ref bytesRead);

    /// <summary>What counts for the rate: read from the upstream and written to it.</summary>
    internal long BytesAtUpstream => Volatile.Read(ref bytesRead) + Volatile.Read(ref bytesWritten);

    internal RelayStream Stream => stream;

    internal bool IsLimited => rate.IsLimited;

    /// <summary>In the rate's queue while it waits; guarded by the rate, like all below that says so.</summary>
    internal LinkedListNode<LimitedStream> Node { get; }

    /// <summary>Guarded by the rate.</summary>
    internal bool IsClosed { get; set; }

    /// <summary>Guarded by the rate.</summary>
    internal bool Waits => (wantedRead | wantedWrite) != 0;

    /// <summary>What the direction wants whose turn is next; guarded by the rate.</summary>
    internal int NextWanted => WriteIsNext ? wantedWrite : wantedRead;

    private bool WriteIsNext => wantedRead == 0 || (writeIsNext && wantedWrite != 0);

    /// <summary>Ends the stream at both ends. Nothing happens when it is over already.</summary>
    /// <param name="reason">Becomes the outcome's reason.</param>
    public void End(ResetCode code, string reason) => stream.End(StreamEnd.Stopped, reason, code);

    /// <summary>Bytes that may be moved now in this direction; 0: not now, <paramref name="resume"/> will be called once from any thread.</summary>
    internal int Take(Direction direction, int wanted, Action resume)
    {
        ref var granted = ref direction == Direction.FromUpstream ? ref grantedRead : ref grantedWrite;
        if (granted == 0)
        {
            // Before it can wait: from then on it may be resumed at any time.
            if (direction == Direction.FromUpstream)
                resumeRead = resume;
            else
                resumeWrite = resume;
            var now = rate.Take(this, direction, wanted);
            if (now == 0)
                return 0;
            granted = now;
        }

        return Math.Min(granted, wanted);
    }

    /// <summary>So many bytes were moved, limited or not. What is left of a turn is kept for the next bytes.</summary>
    internal void Moved(Direction direction, int bytes)
    {
        if (direction == Direction.FromUpstream)
        {
            Volatile.Write(ref bytesRead, bytesRead + bytes);
            if (grantedRead != 0)
                grantedRead = Math.Max(0, grantedRead - bytes);
        }
        else
        {
            Volatile.Write(ref bytesWritten, bytesWritten + bytes);
            if (grantedWrite != 0)
                grantedWrite = Math.Max(0, grantedWrite - bytes);
        }
    }

    internal void Close() => rate.Close(this);

    /// <summary>Guarded by the rate.</summary>
    internal void Want(Direction direction, int bytes)
    {
        if (direction == Direction.FromUpstream)
            wantedRead = bytes;
        else
            wantedWrite = bytes;
    }

    /// <summary>Gives the next direction its turn; guarded by the rate.</summary>
    /// <returns>To be called outside of the rate's lock.</returns>
    internal Action Grant(int bytes)
    {
        if (WriteIsNext)
        {
            writeIsNext = false;
            wantedWrite = 0;
            grantedWrite = bytes;
            return resumeWrite!;
        }

        writeIsNext = true;
        wantedRead = 0;
        grantedRead = bytes;
        return resumeRead!;
    }
}
