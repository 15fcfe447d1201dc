using System.Net;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Links;
using Connector.Relay.Streams;
using Connector.Tests.Relay.Wire;

namespace Connector.Tests.Relay.Properties;

/// <summary>A lane is cut behind every byte of a short exchange, in either direction: each frame boundary and both sides of it.</summary>
[Trait("kind", Kinds.Stream)]
public sealed class LaneCutTests
{
    private static readonly SocketId Id = new("socket");
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cut_behind_any_byte_loses_nothing(bool atReplica)
    {
        var whole = await ExchangeAsync(long.MaxValue, long.MaxValue);
        var written = atReplica ? whole.Replica : whole.Edge;
        Assert.InRange(written, 100, 2000);
        foreach (var some in Enumerable.Range(1, (int)written + 1).Chunk(24))
            await Task.WhenAll(some.Select(at => ExchangeAsync(atReplica ? at : long.MaxValue, atReplica ? long.MaxValue : at)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Direction_that_falls_silent_at_some_byte_loses_nothing(bool atReplica)
    {
        // All at once: each takes until the lane is declared dead.
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => ExchangeAsync(
            atReplica ? 40 + (i * 11) : long.MaxValue, atReplica ? long.MaxValue : 40 + (i * 11), swallow: true)));
    }

    /// <returns>Bytes that each end wrote on the lane.</returns>
    private static async Task<(long Replica, long Edge)> ExchangeAsync(long cutReplica, long cutEdge, bool swallow = false)
    {
        await using var pair = new LinkPair();
        var (replicaEnd, edgeEnd) = WireEnd.Create(cutReplica, cutEdge, swallow);
        var (healthyReplica, healthyEdge) = WireEnd.Create();
        pair.Replica.Serve(Id, 1, UpstreamLamp.On);

        // The stream goes to the first lane while that lives, and on over the second.
        pair.AddLane(replicaEnd, edgeEnd);
        var healthy = pair.AddLane(healthyReplica, healthyEdge);
        await Eventually.IsTrue(() => pair.Edge.Serves(Id) && pair.Edge.HasConfirmed(healthy.Number), "the link serves the socket, and the edge knows that the second lane is good");

        var edgeShare = pair.EdgeMemory.ForSocket(Id);
        var replicaShare = pair.ReplicaMemory.ForSocket(Id);
        HandStage? upper = null;
        RelayStream? upperStream = null;
        pair.OnOffered = offer =>
        {
            offer.Accept();
            upperStream = offer.Open(replicaShare);
            if (upperStream is null)
                return;
            upper = new HandStage(upperStream);
            upper.Send("one"u8.ToArray(), "two"u8.ToArray());
            upper.Finish();
        };
        var request = new OpenRequest(Id, new IPEndPoint(IPAddress.Loopback, 1), "", "", "");
        var outcome = await pair.OpenFreshAsync(request, edgeShare).WaitAsync(Long);
        HandStage? lower = null;
        RelayStream? lowerStream = null;
        if (outcome is OpenOutcome.Opened opened)
        {
            lowerStream = opened.Stream;
            lower = new HandStage(lowerStream);
            lower.Send("a"u8.ToArray(), "b"u8.ToArray(), "c"u8.ToArray());
            lower.Finish();
        }

        await Eventually.IsTrue(() => pair.IsAllBack, $"both sides have ended and everything is back ({cutReplica}, {cutEdge}: {outcome}, {lowerStream?.Outcome}, {upperStream?.Outcome})");
        Assert.IsType<OpenOutcome.Opened>(outcome);
        Assert.Equal(StreamEnd.Completed, lowerStream!.Outcome!.End);
        Assert.Equal(StreamEnd.Completed, upperStream!.Outcome!.End);
        Assert.Equal("onetwo"u8.ToArray(), lower!.Received);
        Assert.Equal("abc"u8.ToArray(), upper!.Received);

        Assert.DoesNotContain(pair.LostLanes, static end => end.Reason.Contains("internal error") || end.Reason.Contains("returned twice") || end.Reason.Contains("given back"));
        var written = (replicaEnd.Written, edgeEnd.Written);
        await replicaEnd.DisposeAsync();
        await Eventually.IsTrue(() => pair is { Edge.LiveLanes: 1, Replica.LiveLanes: 1 }, "only the healthy lane is left");
        await pair.AssertEveryPlaceIsFreeAsync(Id);
        return written;
    }
}
