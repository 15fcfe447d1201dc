using System.Collections.Immutable;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Relay.Accounting;

/// <summary>
/// What one end of the relay counts, over the life of its <see cref="RelayMemory"/>. Each count is one interlocked addition without an
/// allocation: hot paths may call it. Shown by the meter <see cref="MeterName"/>, summed over all relays of the process by their end.
/// </summary>
public sealed class RelayMetrics
{
    public const string MeterName = "Connector.Relay";

    internal static readonly ImmutableArray<string> StreamEnds = CodeNames.All<StreamEnd>();
    internal static readonly ImmutableArray<string> LaneEnds = CodeNames.All<LaneEndKind>();
    internal static readonly ImmutableArray<string> Refusals = CodeNames.All<RefusalCode>();
    internal static readonly ImmutableArray<string> Violations = CodeNames.All<ProtocolViolation>();

    private readonly long[] streamsEnded = new long[StreamEnds.Length];
    private readonly long[] lanesLost = new long[LaneEnds.Length];
    private readonly long[] refused = new long[Refusals.Length];
    private readonly long[] violations = new long[Violations.Length];
    private long bytesReceived;
    private long bytesSent;
    private long streamsOpened;
    private long streamsResumed;
    private long bytesResent;
    private long lanesAttached;
    private long linksBegun;
    private long linksEnded;

    internal RelayMetrics(RelayEnd end)
    {
        End = end;
    }

    public RelayEnd End { get; }

    /// <summary>Bytes of streams that came over links and went to local TCP connections.</summary>
    public long BytesReceived => Interlocked.Read(ref bytesReceived);

    /// <summary>Bytes of streams that were read from local TCP connections to go over links.</summary>
    public long BytesSent => Interlocked.Read(ref bytesSent);

    /// <summary>Streams that were joined with a local TCP connection.</summary>
    public long StreamsOpened => Interlocked.Read(ref streamsOpened);

    /// <summary>Times that a stream went on after the lane that it was on was lost.</summary>
    public long StreamsResumed => Interlocked.Read(ref streamsResumed);

    public long BytesResent => Interlocked.Read(ref bytesResent);

    public long LanesAttached => Interlocked.Read(ref lanesAttached);

    public long LinksBegun => Interlocked.Read(ref linksBegun);

    public long LinksEnded => Interlocked.Read(ref linksEnded);

    public long StreamsEnded(StreamEnd end) => Interlocked.Read(ref streamsEnded[(int)end]);

    public long LanesLost(LaneEndKind kind) => Interlocked.Read(ref lanesLost[(int)kind]);

    public long Refused(RefusalCode code) => Interlocked.Read(ref refused[IndexOf(code)]);

    public long ViolationsOf(ProtocolViolation kind) => Interlocked.Read(ref violations[(int)kind]);

    internal void Received(int bytes) => Interlocked.Add(ref bytesReceived, bytes);

    internal void Sent(int bytes) => Interlocked.Add(ref bytesSent, bytes);

    internal void Resent(long bytes) => Interlocked.Add(ref bytesResent, bytes);

    internal void StreamOpened() => Interlocked.Increment(ref streamsOpened);

    internal void StreamEnded(StreamEnd end) => Interlocked.Increment(ref streamsEnded[(int)end]);

    internal void StreamResumed() => Interlocked.Increment(ref streamsResumed);

    /// <summary>The replica refused an OPEN.</summary>
    internal void StreamRefused(RefusalCode code) => Interlocked.Increment(ref refused[IndexOf(code)]);

    internal void LaneAttached() => Interlocked.Increment(ref lanesAttached);

    internal void LaneLost(LaneEndKind kind) => Interlocked.Increment(ref lanesLost[(int)kind]);

    internal void LinkBegan() => Interlocked.Increment(ref linksBegun);

    internal void LinkEnded() => Interlocked.Increment(ref linksEnded);

    internal void Violation(ProtocolViolation kind) => Interlocked.Increment(ref violations[(int)kind]);

    /// <summary>One round trip of a lane, each time it is measured.</summary>
    internal void RoundTrip(TimeSpan time) => RelayInstruments.RoundTrip(End, time);

    /// <summary>A stream's receive window when the stream ended: as large as it ever was.</summary>
    internal void Window(long bytes) => RelayInstruments.Window(End, bytes);

    internal long AllStreamsEnded() => Sum(streamsEnded);

    internal long AllLanesLost() => Sum(lanesLost);

    /// <summary>As the enum's value, or the first place for one that a newer peer may send.</summary>
    private static int IndexOf(RefusalCode code) => (int)code - 1 is >= 0 and var index && index < Refusals.Length ? index : 0;

    private static long Sum(long[] counts)
    {
        var sum = 0L;
        for (var i = 0; i < counts.Length; i++)
            sum += Interlocked.Read(ref counts[i]);
        return sum;
    }
}
