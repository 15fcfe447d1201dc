using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Relay.Wire;

/// <summary>The clock jumps without the timers: so it looks to a process that was stopped.</summary>
internal sealed class SleepyTime : FakeTimeProvider
{
    public TimeSpan Slept { get; set; }

    public override long GetTimestamp() => base.GetTimestamp() + (long)(Slept.TotalSeconds * TimestampFrequency);
}
