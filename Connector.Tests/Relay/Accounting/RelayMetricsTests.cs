using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Streams;
using Connector.Protocol.Ids;
using Connector.Relay.Accounting;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Stages;
using Connector.Relay.Streams;

namespace Connector.Tests.Relay.Accounting;

[Trait("kind", Kinds.Stream)]
public sealed class RelayMetricsTests
{
    private static readonly SocketId Id = new("7b6cf7bb-3d6c-4c0f-8f3f-3d7a4a52f001");
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Stream_counts_its_bytes_and_its_end_at_both_ends()
    {
        var system = ActorSystem.Create("metrics");
        await using var pair = new LinkPair();
        var materializer = system.Materializer();
        await pair.AddLaneAsync();
        await pair.ServeAsync(Id);
        var (upstream, farUpstream) = await LinkPair.ConnectAsync();
        var replicaOutcome = new TaskCompletionSource<StreamOutcome>();
        pair.OnOffered = async offer =>
        {
            offer.Accept();
            replicaOutcome.SetResult(await RelayGraph.Run(materializer, farUpstream, offer.Open(pair.ReplicaMemory.ForSocket(Id))!));
        };
        await Eventually.IsTrue(() => pair.Edge.Serves(Id), "the link serves the socket");
        var opened = Assert.IsType<OpenOutcome.Opened>(await pair.OpenFreshAsync(
            new OpenRequest(Id, new IPEndPoint(IPAddress.Loopback, 1), "", "", ""), pair.EdgeMemory.ForSocket(Id)));
        var (client, farClient) = await LinkPair.ConnectAsync();
        var edgeOutcome = RelayGraph.Run(materializer, farClient, opened.Stream);
        var (edge, replica) = (pair.EdgeMemory.Metrics, pair.ReplicaMemory.Metrics);

        await SendAsync(client, 300_000);
        await SendAsync(upstream, 123_457);
        await Task.WhenAll(DrainAsync(client), DrainAsync(upstream)).WaitAsync(Long);
        var ends = await Task.WhenAll(edgeOutcome, replicaOutcome.Task).WaitAsync(Long);

        Assert.All(ends, end => Assert.Equal(StreamEnd.Completed, end.End));
        Assert.Equal((300_000L, 123_457L), (edge.BytesSent, edge.BytesReceived));
        Assert.Equal((123_457L, 300_000L), (replica.BytesSent, replica.BytesReceived));
        Assert.Equal((1L, 1L, 0L), (edge.StreamsOpened, edge.StreamsEnded(StreamEnd.Completed), edge.StreamsEnded(StreamEnd.LinkLost)));
        Assert.Equal((1L, 1L, 1L), (replica.StreamsOpened, replica.StreamsEnded(StreamEnd.Completed), replica.AllStreamsEnded()));
        Assert.True(pair.EdgeMemory.Pool.Rented > 0);
        await Eventually.IsTrue(() => pair.IsAllBack, "everything is back");
        Assert.Equal(pair.EdgeMemory.Pool.Rented, pair.EdgeMemory.Pool.Returned);
        client.Dispose();
        upstream.Dispose();
        await system.Terminate().WaitAsync(Long);

        static async Task SendAsync(Socket socket, int bytes)
        {
            for (var sent = 0; sent < bytes;)
                sent += await socket.SendAsync(new byte[bytes - sent]);
            socket.Shutdown(SocketShutdown.Send);
        }

        static async Task DrainAsync(Socket socket)
        {
            var buffer = new byte[65536];
            while (await socket.ReceiveAsync(buffer) > 0)
            {
            }
        }
    }

    [Fact]
    public void Meter_shows_every_count_by_the_end_of_the_relay()
    {
        // Far beyond what other tests of this process count meanwhile.
        const int big = 1_000_000;
        var edge = new RelayMemory(new RelayMemoryOptions { End = RelayEnd.Edge });
        for (var i = 0; i < big; i++)
        {
            edge.Metrics.StreamResumed();
            edge.Metrics.StreamRefused(RefusalCode.Draining);
            edge.Metrics.LaneAttached();
            edge.Metrics.LaneAttached();
            edge.Metrics.LaneLost(LaneEndKind.Silent);
            edge.Metrics.LinkBegan();
            edge.Metrics.Violation(ProtocolViolation.FloodServe);
            edge.Metrics.Resent(1 << 20);
        }

        var seen = new ConcurrentDictionary<string, long>();
        using var listener = Listen(seen);
        listener.RecordObservableInstruments();

        Assert.InRange(seen["connector.relay.streams.resumed end=edge"], big, 2 * big);
        Assert.InRange(seen["connector.relay.streams.refused end=edge code=draining"], big, 2 * big);
        Assert.InRange(seen["connector.relay.lanes.attached end=edge"], 2 * big, 3 * big);
        Assert.InRange(seen["connector.relay.lanes.lost end=edge kind=silent"], big, 2 * big);
        Assert.InRange(seen["connector.relay.lanes.live end=edge"], big / 2, 2 * big);
        Assert.InRange(seen["connector.relay.links.live end=edge"], big / 2, 2 * big);
        Assert.InRange(seen["connector.relay.violations end=edge kind=flood_serve"], big, 2 * big);
        Assert.InRange(seen["connector.relay.resent end=edge"], (long)big << 20, (long)(2 * big) << 20);
        Assert.True(seen["connector.relay.memory.limit end=edge"] >= 64 << 20);
        GC.KeepAlive(edge);
    }

    [Fact]
    public void Round_trips_and_windows_are_histograms()
    {
        var seen = new ConcurrentDictionary<string, long>();
        using var listener = Listen(seen);
        var metrics = new RelayMemory(new RelayMemoryOptions()).Metrics;
        metrics.RoundTrip(TimeSpan.FromMilliseconds(1_234_567));
        metrics.Window(3L << 40);
        Assert.Equal(1234, seen["connector.relay.lane.round_trip end=replica 1234.567"]);
        Assert.Equal(3L << 40, seen[$"connector.relay.stream.window end=replica {3L << 40}"]);
    }

    [Fact]
    public void Refusal_of_a_newer_replica_has_no_place_of_its_own()
    {
        var metrics = new RelayMemory(new RelayMemoryOptions()).Metrics;
        metrics.StreamRefused((RefusalCode)999);
        metrics.StreamRefused(RefusalCode.Stale);
        Assert.Equal(1, metrics.Refused(RefusalCode.Stale));
    }

    [Fact]
    public void Counting_allocates_nothing()
    {
        var metrics = new RelayMemory(new RelayMemoryOptions()).Metrics;
        Count();

        // A listener of another test that begins meanwhile may allocate on this thread at its first measurement.
        var least = long.MaxValue;
        for (var tries = 0; tries < 20 && least != 0; tries++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1_000; i++)
                Count();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);

        void Count()
        {
            metrics.Received(1);
            metrics.Sent(1);
            metrics.Violation(ProtocolViolation.BadOffset);
            metrics.RoundTrip(TimeSpan.FromMilliseconds(1));
            metrics.Window(1);
        }
    }

    private static MeterListener Listen(ConcurrentDictionary<string, long> seen)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name == RelayMetrics.MeterName)
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => seen[Name(instrument, tags) + (instrument.IsObservable ? "" : $" {value}")] = value);
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => seen[FormattableString.Invariant($"{Name(instrument, tags)} {value}")] = (long)value);
        listener.Start();
        return listener;

        static string Name(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
            => string.Join(' ', (string[])[instrument.Name, .. tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")]);
    }
}
