using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Connector.Relay.Accounting;
using Connector.Relay.Frames;
using Connector.Server.Edge.Admission;
using Connector.Server.Edge.Links;
using Connector.Server.Edge.Opening;

namespace Connector.Server.Edge.Accounting;

/// <summary>
/// What edges of this process count. Tags are names from our own lists, never addresses. Nothing here is tagged with a socket: there may be 10,000,
/// and the records of sessions say more of each. What opening takes is, in <see cref="OpenMetrics"/>.
/// </summary>
internal static class EdgeMetrics
{
    public const string MeterName = "Connector.Server.Edge";

    public static readonly Meter Meter = new(MeterName);

    private static readonly ConditionalWeakTable<LinkTable, object?> Tables = [];

    private static readonly UpDownCounter<long> Live = Meter.CreateUpDownCounter<long>("connector.edge.sessions.live", "{session}", "Sessions now");

    private static readonly Counter<long> Ended = Meter.CreateCounter<long>("connector.edge.sessions.ended", "{session}", "Sessions that ended, by who ended them and why");

    private static readonly Histogram<double> Durations = Meter.CreateHistogram(
        "connector.edge.session.duration", "s", "How long sessions took",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.1, 1, 10, 60, 600, 3600, 86400] });

    private static readonly Counter<long> Denials = Meter.CreateCounter<long>(
        "connector.edge.clients.denied", "{connection}", "Clients' connections that were not let in, by reason");

    private static readonly Counter<long> LaneRejections = Meter.CreateCounter<long>(
        "connector.edge.lanes.rejected", "{lane}", "Lanes that were answered with REJECT, by code");

    private static readonly Counter<long> HandshakeRefusals = Meter.CreateCounter<long>(
        "connector.edge.handshakes.refused", "{connection}", "Connections to the tunnel port that were closed before a HELLO, by reason");

    static EdgeMetrics()
    {
        Meter.CreateObservableUpDownCounter("connector.edge.links", () => Sum(static table => table.Count), "{link}", "Links now, those without a lane included");
        Meter.CreateObservableUpDownCounter("connector.edge.lanes", () => Sum(static table => table.Lanes), "{lane}", "Lanes now");
    }

    /// <summary>From now on its links are shown, for as long as it lives.</summary>
    public static void Show(LinkTable links) => Tables.Add(links, null);

    public static void SessionBegan() => Live.Add(1);

    public static void SessionEnded(SessionVerdict verdict, TimeSpan duration)
    {
        Live.Add(-1);
        var by = new KeyValuePair<string, object?>("ended_by", CodeNames.Of(verdict.EndedBy));
        Ended.Add(1, by, new("code", verdict.Code));
        Durations.Record(duration.TotalSeconds, by);
    }

    /// <summary>A client was not let in. One that is let in and gets no stream is counted where streams are opened.</summary>
    public static void ClientDenied(AdmissionVerdict verdict) => Denials.Add(1, new KeyValuePair<string, object?>("reason", CodeNames.Of(verdict)));

    public static void LaneRejected(RejectCode code) => LaneRejections.Add(1, new KeyValuePair<string, object?>("code", CodeNames.Of(code)));

    public static void HandshakeRefused(HandshakeRefusal reason) => HandshakeRefusals.Add(1, new KeyValuePair<string, object?>("reason", CodeNames.Of(reason)));

    private static long Sum(Func<LinkTable, int> count) => Tables.Sum(entry => (long)count(entry.Key));
}
