namespace Connector.Relay.Lanes;

/// <summary>When to ping, when a lane is dead, and when it was us who slept. Pure; times are on one monotonic clock.</summary>
internal sealed class LaneLiveness(TimeSpan now)
{
    public static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan PingAfter = TimeSpan.FromMilliseconds(800);
    public static readonly TimeSpan DeadAfter = TimeSpan.FromMilliseconds(2400);
    public static readonly TimeSpan SleptAfter = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan WriteStalledAfter = TimeSpan.FromSeconds(10);

    private const long NotWriting = -1;

    // Ticks, each written whole: reader, writer and timer meet here without a lock.
    private long lastHeard = now.Ticks;
    private long lastSaid = now.Ticks;
    private long lastCheck = now.Ticks;
    private long writeBegan = NotWriting;

    public void Heard(TimeSpan at) => Volatile.Write(ref lastHeard, at.Ticks);

    public void WriteBegan(TimeSpan at) => Volatile.Write(ref writeBegan, at.Ticks);

    public void WriteEnded(TimeSpan at)
    {
        Volatile.Write(ref writeBegan, NotWriting);
        Volatile.Write(ref lastSaid, at.Ticks);
    }

    public LaneVerdict Check(TimeSpan at)
    {
        var late = at.Ticks - lastCheck - CheckInterval.Ticks;
        lastCheck = at.Ticks;
        var writing = Volatile.Read(ref writeBegan);
        if (late > SleptAfter.Ticks)
        {
            // We slept: what the peer did meanwhile is unknown, so its clocks begin again.
            Volatile.Write(ref lastHeard, at.Ticks);
            if (writing != NotWriting)
                Volatile.Write(ref writeBegan, at.Ticks);
            return LaneVerdict.Ping;
        }

        if (at.Ticks - Volatile.Read(ref lastHeard) > DeadAfter.Ticks)
            return LaneVerdict.Silent;
        if (writing != NotWriting && at.Ticks - writing > WriteStalledAfter.Ticks)
            return LaneVerdict.WriteStalled;
        if (writing == NotWriting && at.Ticks - Volatile.Read(ref lastSaid) >= PingAfter.Ticks)
        {
            Volatile.Write(ref lastSaid, at.Ticks);
            return LaneVerdict.Ping;
        }

        return LaneVerdict.Alive;
    }
}

internal enum LaneVerdict
{
    Alive,
    Ping,
    Silent,
    WriteStalled,
}
