using System.Net.Sockets;
using Akka.Actor;
using Akka.Streams;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Memory;
using Connector.Relay.Streams;
using CsCheck;

namespace Connector.Tests.Relay.Properties;

/// <summary>Whatever the ends of streams do and whatever happens to lanes and link: the right bytes or an error, and everything comes back.</summary>
[Trait("kind", Kinds.Stream)]
public sealed class StreamPropertyTests : IAsyncLifetime
{
    private static readonly SocketId Id = new("7b6cf7bb-3d6c-4c0f-8f3f-3d7a4a52f001");
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private static readonly Gen<int[]> Writes = Gen.OneOf(Gen.Int[1, 200], Gen.Int[1, 5000], Gen.Int[4000, 80_000]).Array[0, 12];

    private static readonly Gen<StreamScript> Script = Gen.Select(
        Writes, Writes, Gen.Bool, Gen.Int[-25, 4], Gen.Int[-25, 4], Gen.Int[0, 3], Gen.Int[0, 3],
        (up, down, waits, clientResets, serverResets, slowClient, slowServer) => new StreamScript(
            up, down, waits, clientResets < up.Length ? Math.Max(-1, clientResets) : -1, serverResets < down.Length ? Math.Max(-1, serverResets) : -1, slowClient == 0, slowServer == 0));

    private readonly ActorSystem system = ActorSystem.Create("relay");
    private ActorMaterializer materializer = null!;

    public ValueTask InitializeAsync()
    {
        materializer = system.Materializer();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync() => await system.Terminate().WaitAsync(Long);

    [Fact]
    public Task Streams_of_an_undisturbed_link_end_whole_or_at_both_ends()
        => Gen.Select(Script.Array[1, 12], Gen.Int[0, 1], Gen.Int).SampleAsync(
            (scripts, small, seed) => RunAsync(scripts, Disturbance.Nothing, 0, small == 1, seed), iter: 12, threads: 1);

    [Fact]
    public Task Streams_of_a_disturbed_link_end_whole_or_at_both_ends()
        => Gen.Select(Script.Array[1, 12], Gen.Int[1, 7], Gen.Int[0, 400_000], Gen.Int[0, 1], Gen.Int).SampleAsync(
            (scripts, disturbance, after, small, seed) => RunAsync(scripts, (Disturbance)disturbance, after, small == 1, seed), iter: 30, threads: 1);

    private async Task RunAsync(StreamScript[] scripts, Disturbance disturbance, long after, bool small, int seed)
    {
        var pair = new LinkPair(new RelayMemoryOptions(small ? 256 << 10 : 64 << 20, 1024, Poison: true));
        var lanes = new List<(Connector.Relay.Lanes.Lane Lane, Socket ReplicaEnd, Socket EdgeEnd)> { await pair.AddLaneAsync(), await pair.AddLaneAsync() };
        await pair.ServeAsync(Id);
        var edgeShare = pair.EdgeMemory.ForSocket(Id);
        var replicaShare = pair.ReplicaMemory.ForSocket(Id);
        var runs = new List<StreamRun>();
        for (var i = 0; i < scripts.Length; i++)
            runs.Add(await StreamRun.OpenAsync(pair, edgeShare, replicaShare, materializer, scripts[i], seed + i));

        var running = Task.WhenAll(runs.Select(static run => run.RunAsync()));
        if (disturbance != Disturbance.Nothing)
        {
            while (!running.IsCompleted && runs.Sum(static run => run.Moved()) < after)
                await Task.Delay(1);
            await DisturbAsync(pair, lanes, disturbance, running, seed);
        }

        await running.WaitAsync(Long);
        var linkLives = disturbance is not (Disturbance.EndLinkAtEdge or Disturbance.EndLinkAtReplica);
        if (linkLives)
        {
            foreach (var (run, script) in runs.Zip(scripts))
            {
                if (script is { ClientResetsAt: < 0, ServerResetsAt: < 0 })
                {
                    Assert.Equal(StreamEnd.Completed, (await run.EdgeOutcome).End);
                    Assert.Equal(StreamEnd.Completed, (await run.ReplicaOutcome).End);
                }
            }
        }

        await Eventually.IsTrue(() => pair.IsAllBack, "buffers, budgets, reserves and streams are back");
        if (linkLives)
        {
            var lanesLeft = lanes.Count;
            await Eventually.IsTrue(() => pair.Edge.LiveLanes == lanesLeft && pair.Replica.LiveLanes == lanesLeft, $"{lanesLeft} lanes are left");
            await Eventually.IsTrue(() => lanes.TrueForAll(entry => pair.Edge.HasConfirmed(entry.Lane.Number)), "the edge knows that they are good");
            await pair.AssertEveryPlaceIsFreeAsync(Id);
        }

        Assert.DoesNotContain(pair.LostLanes, static end => end.Reason.Contains("internal error") || end.Reason.Contains("returned twice") || end.Reason.Contains("given back"));
        await pair.DisposeAsync();
        await Eventually.IsTrue(() => pair.IsAllBack && pair.Edge.LiveLanes == 0, "nothing is left of the link");
    }

    /// <summary>The list holds the lanes that live, before and after.</summary>
    private static async Task DisturbAsync(
        LinkPair pair, List<(Connector.Relay.Lanes.Lane Lane, Socket ReplicaEnd, Socket EdgeEnd)> lanes, Disturbance disturbance, Task running, int seed)
    {
        var lane = lanes[0];
        if (disturbance is Disturbance.CutLane or Disturbance.AbortAtReplica or Disturbance.ShutdownOneDirection)
            lanes.RemoveAt(0);
        switch (disturbance)
        {
            case Disturbance.CutLane:
                Cut(lane);
                break;
            case Disturbance.CutAllLanes:
                lanes.ForEach(Cut);
                await Task.Delay(50);
                for (var i = 0; i < lanes.Count; i++)
                    lanes[i] = await pair.AddLaneAsync();
                break;
            case Disturbance.CutAgainAndAgain:
                var random = new Random(seed);
                for (var cuts = 0; cuts < 30 && !running.IsCompleted; cuts++)
                {
                    var which = random.Next(lanes.Count);
                    if (random.Next(3) == 0)
                        lanes[which].Lane.Abort("cut by the test");
                    else
                        Cut(lanes[which]);
                    lanes[which] = await pair.AddLaneAsync();
                    await Task.Delay(random.Next(8));
                }

                break;
            case Disturbance.AbortAtReplica:
                lane.Lane.Abort("cut by the test");
                break;
            case Disturbance.ShutdownOneDirection:
                try
                {
                    lane.EdgeEnd.Shutdown(SocketShutdown.Send);
                }
                catch (SocketException)
                {
                    // It ended by itself.
                }

                break;
            case Disturbance.EndLinkAtEdge:
                pair.Edge.End(GoAwayReason.Revoked, "revoked by the test");
                break;
            case Disturbance.EndLinkAtReplica:
                _ = pair.Replica.DisposeAsync().AsTask();
                break;
            case Disturbance.Nothing:
                break;
        }
    }

    private static void Cut((Connector.Relay.Lanes.Lane Lane, Socket ReplicaEnd, Socket EdgeEnd) lane)
    {
        lane.ReplicaEnd.Dispose();
        lane.EdgeEnd.Dispose();
    }
}
