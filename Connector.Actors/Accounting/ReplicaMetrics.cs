using System.Diagnostics.Metrics;
using Connector.Actors.Links;
using Connector.Actors.Reach;

namespace Connector.Actors.Accounting;

/// <summary>What a replica counts beside its relay. Tags are names from our own lists, never addresses and never socket ids.</summary>
internal static class ReplicaMetrics
{
    public const string MeterName = "Connector.Replica";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Dials = Meter.CreateCounter<long>(
        "connector.replica.dials", "{dial}", "Dials of upstreams that have ended, by outcome");

    private static readonly Histogram<double> DialTimes = Meter.CreateHistogram(
        "connector.replica.dial.duration", "s", "How long dials of upstreams took, by outcome",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5] });

    private static readonly Counter<long> LaneDials = Meter.CreateCounter<long>(
        "connector.replica.lane_dials", "{dial}", "Dials of edges that have ended, by outcome");

    /// <summary>Counts a dial when it ends. One that is taken back by the edge, or fails unexpectedly, counts as abandoned.</summary>
    public static async Task<DialOutcome> MeasureAsync(Task<DialOutcome> dial, TimeProvider time)
    {
        var began = time.GetTimestamp();
        DialOutcome? outcome = null;
        try
        {
            outcome = await dial.ConfigureAwait(false);
            return outcome;
        }
        finally
        {
            DialEnded(outcome, time.GetElapsedTime(began));
        }
    }

    public static void LaneDialEnded(LaneDialOutcome outcome)
        => LaneDials.Add(1, new KeyValuePair<string, object?>("outcome", outcome switch
        {
            LaneDialOutcome.Connected => "connected",
            LaneDialOutcome.Rejected => "rejected",
            _ => "failed",
        }));

    private static void DialEnded(DialOutcome? outcome, TimeSpan duration)
    {
        var tag = new KeyValuePair<string, object?>("outcome", outcome switch
        {
            DialOutcome.Connected => "connected",
            DialOutcome.Refused => "refused",
            DialOutcome.TimedOut => "timed_out",
            DialOutcome.Unreachable => "unreachable",
            DialOutcome.Forbidden => "forbidden",
            _ => "abandoned",
        });
        Dials.Add(1, tag);
        DialTimes.Record(duration.TotalSeconds, tag);
    }
}
