using System.Diagnostics.Metrics;
using Connector.Actors.Accounting;
using Connector.Actors.Links;
using Connector.Actors.Reach;
using Connector.Relay.Frames;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Connector.Tests.Actors.Accounting;

[Trait("kind", Kinds.Pure)]
public sealed class ReplicaMetricsTests : IDisposable
{
    private readonly MeterListener listener = new();
    private readonly List<string> seen = [];

    public ReplicaMetricsTests()
    {
        // Other tests count on the same instruments, on other threads: only what this one does is noted.
        var mine = Environment.CurrentManagedThreadId;
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Meter.Name == ReplicaMetrics.MeterName)
                listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(mine, instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(mine, instrument, value, tags));
        listener.Start();
    }

    [Fact]
    public async Task Dial_counts_by_outcome_with_its_time()
    {
        var time = new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromSeconds(2) };
        var dial = ReplicaMetrics.MeasureAsync(Task.FromResult<DialOutcome>(new DialOutcome.TimedOut("late")), time);
        Assert.IsType<DialOutcome.TimedOut>(await dial);
        Assert.Equal(["connector.replica.dials 1 outcome=timed_out", "connector.replica.dial.duration 2 outcome=timed_out"], seen);
    }

    [Fact]
    public async Task Dial_that_was_taken_back_counts_as_abandoned_and_says_so_to_its_owner()
    {
        var dial = ReplicaMetrics.MeasureAsync(Task.FromCanceled<DialOutcome>(new CancellationToken(canceled: true)), new FakeTimeProvider());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dial);
        Assert.Equal(["connector.replica.dials 1 outcome=abandoned", "connector.replica.dial.duration 0 outcome=abandoned"], seen);
    }

    [Fact]
    public void Dial_of_an_edge_counts_by_outcome()
    {
        ReplicaMetrics.LaneDialEnded(new LaneDialOutcome.Rejected(RejectCode.Ticket, "revoked", TimeSpan.Zero));
        ReplicaMetrics.LaneDialEnded(new LaneDialOutcome.Failed("no route"));
        Assert.Equal(["connector.replica.lane_dials 1 outcome=rejected", "connector.replica.lane_dials 1 outcome=failed"], seen);
    }

    public void Dispose() => listener.Dispose();

    private void Note<T>(int mine, Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (Environment.CurrentManagedThreadId == mine)
            seen.Add(string.Join(' ', (string[])[instrument.Name, $"{value}", .. tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")]));
    }
}
