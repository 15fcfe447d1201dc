using System.Diagnostics.Metrics;
using Connector.Relay.Frames;
using Connector.Server.Edge.Accounting;
using Connector.Server.Edge.Admission;
using Connector.Server.Feed;

namespace Connector.Tests.Server.Edge.Accounting;

[Trait("kind", Kinds.Pure)]
public sealed class EdgeMetricsTests : IDisposable
{
    private readonly MeterListener listener = new();
    private readonly List<string> seen = [];

    public EdgeMetricsTests()
    {
        // Other tests count on the same instruments, on other threads: only what this one does is noted.
        var mine = Environment.CurrentManagedThreadId;
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Meter.Name == EdgeMetrics.MeterName && !instrument.IsObservable)
            {
                listening.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(mine, instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(mine, instrument, value, tags));
        listener.Start();
    }

    [Fact]
    public void Session_counts_while_it_lives_and_by_how_it_ended()
    {
        EdgeMetrics.SessionBegan();
        EdgeMetrics.SessionEnded(new SessionVerdict(SessionEnder.Limit, "idle_timeout"), TimeSpan.FromSeconds(90));
        Assert.Equal(
            [
                "connector.edge.sessions.live 1",
                "connector.edge.sessions.live -1",
                "connector.edge.sessions.ended 1 ended_by=limit code=idle_timeout",
                "connector.edge.session.duration 90 ended_by=limit",
            ],
            seen);
    }

    [Fact]
    public void What_is_turned_away_counts_by_reason()
    {
        EdgeMetrics.ClientDenied(AdmissionVerdict.AddressNotAllowed);
        EdgeMetrics.LaneRejected(RejectCode.KeyMismatch);
        EdgeMetrics.LaneRejected((RejectCode)999);
        EdgeMetrics.HandshakeRefused(HandshakeRefusal.TooMany);
        Assert.Equal(
            [
                "connector.edge.clients.denied 1 reason=address_not_allowed",
                "connector.edge.lanes.rejected 1 code=key_mismatch",
                "connector.edge.lanes.rejected 1 code=unknown",
                "connector.edge.handshakes.refused 1 reason=too_many",
            ],
            seen);
    }

    public void Dispose() => listener.Dispose();

    private void Note<T>(int mine, Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (Environment.CurrentManagedThreadId == mine)
        {
            seen.Add(string.Join(' ', (string[])[instrument.Name, $"{value}", .. tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")]));
        }
    }
}
