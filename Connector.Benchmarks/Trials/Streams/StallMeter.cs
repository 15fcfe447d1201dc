using System.Diagnostics;

namespace Connector.Benchmarks.Trials.Streams;

/// <summary>The longest time without progress while some was expected.</summary>
internal sealed class StallMeter
{
    private readonly Lock gate = new();
    private long waitingSince;
    private long lastProgress;
    private long longest;

    /// <summary>From now on there should be progress.</summary>
    public void Expect()
    {
        lock (gate)
        {
            if (waitingSince == 0)
            {
                waitingSince = Stopwatch.GetTimestamp();
            }
        }
    }

    /// <param name="expectMore">Whether the next progress is awaited from now on.</param>
    public void Progress(bool expectMore)
    {
        lock (gate)
        {
            lastProgress = Stopwatch.GetTimestamp();
            Count(lastProgress);
            waitingSince = expectMore ? lastProgress : 0;
        }
    }

    /// <summary>The stream is over: nothing more is expected.</summary>
    public void Close()
    {
        lock (gate)
        {
            Count(Stopwatch.GetTimestamp());
            waitingSince = 0;
        }
    }

    /// <summary>The longest wait since the last call, the one that goes on now included.</summary>
    public TimeSpan Take()
    {
        lock (gate)
        {
            Count(Stopwatch.GetTimestamp());
            var taken = longest;
            longest = 0;
            return TimeSpan.FromSeconds((double)taken / Stopwatch.Frequency);
        }
    }

    public bool HasProgressedSince(long timestamp)
    {
        lock (gate)
        {
            return lastProgress > timestamp;
        }
    }

    private void Count(long now)
    {
        if (waitingSince != 0)
        {
            longest = Math.Max(longest, now - waitingSince);
        }
    }
}
