namespace Connector.Relay.Limits;

/// <summary>
/// The bytes per second that all streams of a socket share on this replica, both directions together: a token bucket and a queue. Streams take turns of at
/// most one quantum (a fiftieth of a second, but 64 bytes to 64 KiB), so that a small message waits for one turn of each stream before it and not for a bulk
/// transfer. Up to a tenth of a second may come at once. Without a limit nothing is counted and there is no timer; with one, a timer runs only while a stream
/// waits. Thread-safe; nobody ever blocks.
/// </summary>
public sealed class ByteRate(TimeProvider time) : IDisposable
{
    private const int SmallestTurn = 64;
    private const int LargestTurn = 64 << 10;

    private readonly Lock gate = new();

    // Streams that wait, the next one first; each at most once, however many directions of it wait. Bounded by the socket's streams.
    private readonly LinkedList<LimitedStream> waiting = new();
    private long perSecond;
    private double tokens;
    private long refilledAt;
    private ITimer? timer;
    private bool armed;

    /// <summary>0: no limit.</summary>
    public long BytesPerSecond => Volatile.Read(ref perSecond);

    internal bool IsLimited => Volatile.Read(ref perSecond) > 0;

    /// <summary>Streams that wait for their turn.</summary>
    internal int Waiting
    {
        get
        {
            lock (gate)
                return waiting.Count;
        }
    }

    internal bool HasTimer
    {
        get
        {
            lock (gate)
                return timer is not null;
        }
    }

    private int Quantum => (int)Math.Clamp(perSecond / 50, SmallestTurn, LargestTurn);

    private double Burst => Math.Max(perSecond / 10, Quantum);

    /// <summary>In place: whoever waits goes on at the new rate.</summary>
    /// <param name="bytesPerSecond">0: no limit.</param>
    public void Change(long bytesPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytesPerSecond);
        List<Action>? resumed = null;
        lock (gate)
        {
            if (perSecond == bytesPerSecond)
                return;
            var wasLimited = perSecond > 0;
            if (wasLimited)
                Refill();
            perSecond = bytesPerSecond;
            if (bytesPerSecond == 0)
            {
                timer?.Dispose();
                timer = null;
            }
            else
            {
                refilledAt = time.GetTimestamp();
                tokens = wasLimited ? Math.Min(tokens, Burst) : Burst;
            }

            Serve(ref resumed);

            // Again, for the timer stands at the time of the old rate.
            armed = false;
            Arm();
        }

        Resume(resumed);
    }

    public void Dispose() => Change(0);

    /// <summary>Bytes that the stream may move now; 0: it waits, and will be resumed.</summary>
    internal int Take(LimitedStream stream, Direction direction, int wanted)
    {
        lock (gate)
        {
            if (stream.IsClosed)
                return 0;
            if (perSecond == 0)
                return wanted;

            var turn = Math.Min(wanted, Quantum);
            Refill();
            if (waiting.Count == 0 && tokens >= turn)
            {
                tokens -= turn;
                return turn;
            }

            stream.Want(direction, wanted);
            if (stream.Node.List is null)
                waiting.AddLast(stream.Node);
            Arm();
            return 0;
        }
    }

    /// <summary>The stream is over: it takes nothing any more, and nobody resumes it.</summary>
    internal void Close(LimitedStream stream)
    {
        lock (gate)
        {
            stream.IsClosed = true;
            if (stream.Node.List is not null)
                waiting.Remove(stream.Node);
        }
    }

    private static void Resume(List<Action>? resumed)
    {
        foreach (var action in resumed ?? [])
            action();
    }

    private void Refill()
    {
        var now = time.GetTimestamp();
        tokens = Math.Min(Burst, tokens + (time.GetElapsedTime(refilledAt, now).TotalSeconds * perSecond));
        refilledAt = now;
    }

    /// <summary>One turn for each that waits, in order, while there are tokens.</summary>
    private void Serve(ref List<Action>? resumed)
    {
        while (waiting.First is { } node)
        {
            var stream = node.Value;
            var turn = perSecond == 0 ? stream.NextWanted : Math.Min(stream.NextWanted, Quantum);
            if (perSecond > 0)
            {
                if (tokens < turn)
                    return;
                tokens -= turn;
            }

            (resumed ??= []).Add(stream.Grant(turn));
            waiting.RemoveFirst();
            if (stream.Waits)
                waiting.AddLast(node);
        }
    }

    private void Arm()
    {
        if (armed || waiting.First is not { } node)
            return;
        armed = true;
        var missing = Math.Min(node.Value.NextWanted, Quantum) - tokens;
        var due = TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling(missing * 1000 / perSecond)));
        timer ??= time.CreateTimer(static rate => ((ByteRate)rate!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(due, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        List<Action>? resumed = null;
        lock (gate)
        {
            armed = false;
            if (perSecond == 0)
                return;
            Refill();
            Serve(ref resumed);
            Arm();
        }

        Resume(resumed);
    }
}
