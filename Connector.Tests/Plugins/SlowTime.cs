namespace Connector.Tests.Plugins;

/// <summary>
/// A clock that goes so many times slower than the machine's. For tests in which no limit has to pass: what should come in time is not taken for absent because
/// the machine was held up, and what never comes is still given up. The date is the machine's.
/// </summary>
internal sealed class SlowTime : TimeProvider
{
    private readonly int times;

    private SlowTime(int times) => this.times = times;

    /// <summary>Where all that is waited for comes by itself.</summary>
    public static TimeProvider Thirtyfold { get; } = new SlowTime(30);

    /// <summary>Where a pause of up to a second has to pass, as before servers that are silent are asked.</summary>
    public static TimeProvider Fivefold { get; } = new SlowTime(5);

    public override long GetTimestamp() => base.GetTimestamp() / times;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        => new SlowTimer(base.CreateTimer(callback, state, Longer(dueTime), Longer(period)), this);

    private TimeSpan Longer(TimeSpan span) => span == Timeout.InfiniteTimeSpan ? span : span * times;

    private sealed class SlowTimer(ITimer real, SlowTime time) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => real.Change(time.Longer(dueTime), time.Longer(period));

        public void Dispose() => real.Dispose();

        public ValueTask DisposeAsync() => real.DisposeAsync();
    }
}
