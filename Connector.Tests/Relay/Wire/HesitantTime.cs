using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Relay.Wire;

/// <summary>Whoever stops a timer is held up until another thread has set it: the order in which a race goes wrong.</summary>
internal sealed class HesitantTime : TimeProvider
{
    private readonly ManualResetEventSlim set = new();
    private int hesitations;

    public FakeTimeProvider Inner { get; } = new();

    public override long TimestampFrequency => Inner.TimestampFrequency;

    /// <summary>A timer was set, since the last call of <see cref="HesitateOnce"/>.</summary>
    public bool IsSet => set.IsSet;

    /// <summary>The next stop of a timer waits until a timer is set.</summary>
    public void HesitateOnce()
    {
        set.Reset();
        Volatile.Write(ref hesitations, 1);
    }

    public override long GetTimestamp() => Inner.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => Inner.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        => new Timer(this, Inner.CreateTimer(callback, state, dueTime, period));

    private sealed class Timer(HesitantTime time, ITimer inner) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == Timeout.InfiniteTimeSpan && Interlocked.Exchange(ref time.hesitations, 0) == 1)
                time.set.Wait(TimeSpan.FromSeconds(30));
            var changed = inner.Change(dueTime, period);
            if (dueTime != Timeout.InfiniteTimeSpan)
                time.set.Set();
            return changed;
        }

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
