using Connector.Relay.Frames;

namespace Connector.Actors.Sockets;

/// <summary>
/// The live streams of one socket, and which of them have been idle or alive for too long. Decides; its owner ends them. Times are of one monotonic clock.
/// Bounded by <see cref="SocketLimits.MaxStreams"/>.
/// </summary>
internal sealed class LiveStreams
{
    /// <summary>A sweep that comes so late means that this process slept, and time that nobody could have used is not idle time.</summary>
    private static readonly TimeSpan Slept = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<long, Entry> streams = [];
    private TimeSpan lastSweep;

    public int Count => streams.Count;

    /// <summary>How often to sweep; null while no limit asks for it.</summary>
    public static TimeSpan? Interval(SocketLimits limits)
    {
        var smallest = limits.IdleTimeout is { } idle && !(limits.MaxAge < idle) ? idle : limits.MaxAge;
        var quarter = smallest / 4;
        return quarter < ShortestInterval ? ShortestInterval : quarter > LongestInterval ? LongestInterval : quarter;
    }

    public void Add(long number, IStreamOffer stream, TimeSpan now) => streams.Add(number, new Entry(stream, now));

    /// <summary>Why the stream was to end; null when no limit did it.</summary>
    public string? Remove(long number) => streams.Remove(number, out var entry) ? entry.Reached : null;

    /// <summary>Sweeps begin (again) now.</summary>
    public void StartSweeping(TimeSpan now) => lastSweep = now;

    /// <summary>Streams that have reached a limit; each is returned once.</summary>
    public IReadOnlyList<LimitReached> Sweep(SocketLimits limits, string socket, TimeSpan now)
    {
        var late = now - lastSweep - (Interval(limits) ?? LongestInterval);
        var slept = late > Slept ? late : TimeSpan.Zero;
        lastSweep = now;
        List<LimitReached>? reached = null;
        foreach (var entry in streams.Values)
        {
            var bytes = entry.Stream.BytesMoved;
            if (bytes != entry.Bytes || entry.Stream.BytesWait)
                (entry.Bytes, entry.MovedAt) = (bytes, now);
            else
                entry.MovedAt += slept;

            if (entry.Reached is null && Judge(entry, limits, socket, now) is { } limit)
            {
                entry.Reached = limit.Reason;
                (reached ??= []).Add(limit);
            }
        }

        return reached ?? [];
    }

    private static LimitReached? Judge(Entry entry, SocketLimits limits, string socket, TimeSpan now)
    {
        var (age, idle) = (now - entry.Began, now - entry.MovedAt);
        return age >= limits.MaxAge
                ? new LimitReached(entry.Stream, ResetCode.MaximumAge, $"limit max_age_seconds = {limits.MaxAge.Value.TotalSeconds:0} of socket {socket} is reached")
            : idle >= limits.IdleTimeout
                ? new LimitReached(
                    entry.Stream,
                    ResetCode.IdleTimeout,
                    $"limit idle_timeout_seconds = {limits.IdleTimeout.Value.TotalSeconds:0} of socket {socket} is reached: no byte moved for {idle.TotalSeconds:0} s")
            : null;
    }

    private sealed class Entry(IStreamOffer stream, TimeSpan now)
    {
        public IStreamOffer Stream => stream;

        public TimeSpan Began { get; } = now;

        public TimeSpan MovedAt { get; set; } = now;

        public long Bytes { get; set; }

        public string? Reached { get; set; }
    }
}
