using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Connector.Relay.Lanes;
using Connector.Relay.Memory;
using Connector.Relay.Frames;
using Connector.Relay.Streams;

namespace Connector.Relay.Accounting;

/// <summary>
/// The instruments of the meter <see cref="RelayMetrics.MeterName"/>. They read the counts of the relays that are alive when somebody
/// listens; nothing is held for those that are gone. Every tag is an enum's name: <c>end</c> (edge, replica) on all of them.
/// </summary>
internal static class RelayInstruments
{
    private static readonly Meter Meter = new(RelayMetrics.MeterName);
    private static readonly ConditionalWeakTable<RelayMemory, object?> Relays = [];
    private static readonly ImmutableArray<KeyValuePair<string, object?>> Ends = [new("end", "replica"), new("end", "edge")];

    private static readonly Histogram<double> RoundTrips = Meter.CreateHistogram(
        "connector.relay.lane.round_trip", "s", "Round trips of lanes, one for each PONG",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2] });

    private static readonly Histogram<long> Windows = Meter.CreateHistogram(
        "connector.relay.stream.window", "By", "Receive windows of streams when they ended",
        advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 8 << 20, 16 << 20, 32 << 20] });

    static RelayInstruments()
    {
        Meter.CreateObservableCounter(
            "connector.relay.bytes", () => ByEnd(static (relay, add) =>
            {
                add("direction", "received", relay.Metrics.BytesReceived);
                add("direction", "sent", relay.Metrics.BytesSent);
            }), "By", "Bytes of streams, received from and sent to the other end of the link");
        Meter.CreateObservableCounter(
            "connector.relay.streams.opened", () => ByEnd(static (relay, add) => add("", "", relay.Metrics.StreamsOpened)), "{stream}",
            "Streams that were joined with a local TCP connection");
        Meter.CreateObservableCounter(
            "connector.relay.streams.ended", () => ByEnd(static (relay, add) => ByName<StreamEnd>(add, "outcome", RelayMetrics.StreamEnds, relay.Metrics.StreamsEnded)), "{stream}",
            "Streams that ended, by outcome as this end sees it");
        Meter.CreateObservableUpDownCounter(
            "connector.relay.streams.live", () => ByEnd(static (relay, add) => add("", "", relay.Metrics.StreamsOpened - relay.Metrics.AllStreamsEnded())), "{stream}",
            "Streams that are joined with a local TCP connection now");
        Meter.CreateObservableCounter(
            "connector.relay.streams.refused", () => ByEnd(static (relay, add) => ByName<RefusalCode>(add, "code", RelayMetrics.Refusals, relay.Metrics.Refused)), "{stream}",
            "Opens that a replica refused, by code");
        Meter.CreateObservableCounter(
            "connector.relay.streams.resumed", () => ByEnd(static (relay, add) => add("", "", relay.Metrics.StreamsResumed)), "{stream}",
            "Times that a stream went on after its lane was lost");
        Meter.CreateObservableCounter(
            "connector.relay.resent", () => ByEnd(static (relay, add) => add("", "", relay.Metrics.BytesResent)), "By", "Bytes that were sent again because a lane was lost");
        Meter.CreateObservableCounter(
            "connector.relay.lanes.attached", () => ByEnd(static (relay, add) => add("", "", relay.Metrics.LanesAttached)), "{lane}", "Lanes that began");
        Meter.CreateObservableCounter(
            "connector.relay.lanes.lost", () => ByEnd(static (relay, add) => ByName<LaneEndKind>(add, "kind", RelayMetrics.LaneEnds, relay.Metrics.LanesLost)), "{lane}",
            "Lanes that ended, by who ended them");
        Meter.CreateObservableUpDownCounter(
            "connector.relay.lanes.live", () => ByEnd(static (relay, add) => add("", "", relay.Metrics.LanesAttached - relay.Metrics.AllLanesLost())), "{lane}", "Lanes now");
        Meter.CreateObservableUpDownCounter(
            "connector.relay.links.live", () => ByEnd(static (relay, add) => add("", "", relay.Metrics.LinksBegun - relay.Metrics.LinksEnded)), "{link}",
            "Links now, those without a lane included");
        Meter.CreateObservableCounter(
            "connector.relay.violations", () => ByEnd(static (relay, add) => ByName<ProtocolViolation>(add, "kind", RelayMetrics.Violations, relay.Metrics.ViolationsOf)), "{violation}",
            "What peers did that the protocol does not allow");
        Meter.CreateObservableCounter(
            "connector.relay.buffers.rented", () => ByEnd(static (relay, add) => add("", "", relay.Pool.Rented)), "{buffer}", "Buffers taken from the pool");
        Meter.CreateObservableCounter(
            "connector.relay.buffers.returned", () => ByEnd(static (relay, add) => add("", "", relay.Pool.Returned)), "{buffer}", "Buffers given back to the pool");
        Meter.CreateObservableUpDownCounter(
            "connector.relay.buffers.outstanding", () => ByEnd(static (relay, add) => add("", "", relay.OutstandingBuffers)), "{buffer}", "Buffers that streams hold now");
        Meter.CreateObservableUpDownCounter(
            "connector.relay.memory.used", () => ByEnd(static (relay, add) => add("", "", relay.UsedBytes)), "By", "Bytes of the pool taken now: buffers and promised windows");
        Meter.CreateObservableUpDownCounter(
            "connector.relay.memory.limit", () => ByEnd(static (relay, add) => add("", "", relay.Budget.Capacity)), "By", "Bytes that the pool may have");
        Meter.CreateObservableUpDownCounter(
            "connector.relay.streams.reserved", () => ByEnd(static (relay, add) => add("", "", relay.ReservedStreams)), "{stream}", "Streams that hold a reserve of memory now");
    }

    private delegate void Add(string tag, string name, long value);

    /// <summary>From now on the relay's counts are shown, for as long as it lives.</summary>
    public static void Show(RelayMemory relay) => Relays.Add(relay, null);

    public static void RoundTrip(RelayEnd end, TimeSpan time) => RoundTrips.Record(time.TotalSeconds, Ends[(int)end]);

    public static void Window(RelayEnd end, long bytes) => Windows.Record(bytes, Ends[(int)end]);

    private static void ByName<T>(Add add, string tag, ImmutableArray<string> names, Func<T, long> count)
        where T : struct, Enum
    {
        var values = Enum.GetValues<T>();
        for (var i = 0; i < values.Length; i++)
            add(tag, names[i], count(values[i]));
    }

    private static IEnumerable<Measurement<long>> ByEnd(Action<RelayMemory, Add> read)
    {
        var sums = new Dictionary<(RelayEnd End, string Tag, string Name), long>();
        foreach (var (relay, _) in Relays)
            read(relay, (tag, name, value) => sums[(relay.Metrics.End, tag, name)] = sums.GetValueOrDefault((relay.Metrics.End, tag, name)) + value);
        foreach (var (key, value) in sums)
        {
            yield return key.Tag.Length == 0
                ? new Measurement<long>(value, Ends[(int)key.End])
                : new Measurement<long>(value, Ends[(int)key.End], new KeyValuePair<string, object?>(key.Tag, key.Name));
        }
    }
}
