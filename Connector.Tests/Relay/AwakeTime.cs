namespace Connector.Tests.Relay;

/// <summary>
/// Real time, in steps, without the moments in which this process or its timers were held up: a replica that notices them refuses streams because it slept,
/// as it should, and on a busy machine that happens to every test. For replicas whose sleep is not what is looked at. Timers are the system's.
/// </summary>
internal sealed class AwakeTime : TimeProvider
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    private readonly Timer clock;
    private long awake;
    private long seen = System.GetTimestamp();

    private AwakeTime() => clock = new Timer(_ => Advance(), null, Step, Timeout.InfiniteTimeSpan);

    public static AwakeTime Instance { get; } = new();

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref awake);

    private void Advance()
    {
        var now = System.GetTimestamp();
        Interlocked.Add(ref awake, Math.Min(System.GetElapsedTime(seen, now).Ticks, 2 * Step.Ticks));
        seen = now;
        clock.Change(Step, Timeout.InfiniteTimeSpan);
    }
}
