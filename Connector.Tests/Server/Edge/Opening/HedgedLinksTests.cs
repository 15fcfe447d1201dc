using System.Collections.Concurrent;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Streams;
using Connector.Server.Edge;
using Connector.Server.Edge.Links;
using Connector.Server.Edge.Opening;
using Connector.Tests.Relay;
using Connector.Tests.Relay.Wire;

namespace Connector.Tests.Server.Edge.Opening;

/// <summary>Opening over real links in memory, with real replicas' ends.</summary>
[Trait("kind", Kinds.Stream)]
public sealed class HedgedLinksTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private static readonly EdgeLimits Limits = new() { HedgeAfter = TimeSpan.FromMilliseconds(30), StaleRetryPause = TimeSpan.FromMilliseconds(10) };

    private readonly KnownTickets tickets = new();
    private readonly RelayMemory memory = new(new RelayMemoryOptions(Poison: true));
    private readonly List<RelayLink> edgeLinks = [];
    private readonly LinkTable links;

    public HedgedLinksTests()
    {
        links = new LinkTable(Limits, TimeProvider.System, (hello, thumbprint, owner) =>
        {
            var made = new EdgeLink(hello, thumbprint, memory, owner, TimeProvider.System);
            edgeLinks.Add(new RelayLink(made));
            return edgeLinks[^1];
        });
        links.Apply(EdgeSamples.Tables(EdgeSamples.State(1, [EdgeSamples.Socket(Raw.SocketId.Value)]), tickets));
    }

    [Fact]
    public async Task Replica_that_hangs_is_hedged_and_its_late_dial_does_not_live()
    {
        var (one, two) = (await ReplicaAsync("r1"), await ReplicaAsync("r2"));
        var offers = new BlockingCollection<(LoneReplica Replica, OfferedStream Offer)>();
        one.OnOffered = offer => offers.Add((one, offer));
        two.OnOffered = offer => offers.Add((two, offer));
        var opening = OpenAsync();
        var first = await Task.Run(() => Take(offers));
        var second = await Task.Run(() => Take(offers));
        Assert.NotSame(first.Replica, second.Replica);
        second.Offer.Accept();
        var live = second.Offer.Open(second.Replica.Share);
        Assert.NotNull(live);
        var opened = Assert.IsType<OpenResult.Opened>(await opening.WaitAsync(Long));

        // Only now the first one comes to itself.
        first.Offer.Accept();
        _ = first.Offer.Open(first.Replica.Share);
        await Eventually.IsTrue(() => first.Replica.Link.LiveStreams == 0 && second.Replica.Link.LiveStreams == 1, "only the winner's stream lives");
        opened.Stream.Reset(ResetCode.Policy);
        await AssertAllBackAsync(one, two);
    }

    [Fact]
    public async Task Every_client_has_one_stream_whatever_the_replicas_do()
    {
        LoneReplica[] replicas = [await ReplicaAsync("r1"), await ReplicaAsync("r2"), await ReplicaAsync("r3")];
        foreach (var replica in replicas)
        {
            replica.OnOffered = offer => _ = BehaveAsync(replica, offer);
        }

        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(OpenAsync))).WaitAsync(Long);
        var winners = results.OfType<OpenResult.Opened>().ToArray();
        Assert.True(winners.Length > 100, $"only {winners.Length} of 200 were opened");
        await Eventually.IsTrue(
            () => replicas.Sum(replica => replica.Link.LiveStreams) == winners.Length, $"the replicas have {winners.Length} streams, one for each client");
        await Eventually.IsTrue(() => edgeLinks.Sum(link => link.LiveStreams) == winners.Length, "the edge has them too");
        foreach (var winner in winners)
        {
            winner.Stream.Reset(ResetCode.Policy);
        }

        await AssertAllBackAsync(replicas);
    }

    [Fact]
    public async Task Drain_under_a_stream_of_opens_fails_nobody()
    {
        var (drains, stays) = (await ReplicaAsync("r1"), await ReplicaAsync("r2"));
        var taken = new ConcurrentBag<(LoneReplica Replica, uint Id)>();
        foreach (var replica in (LoneReplica[])[drains, stays])
        {
            replica.OnOffered = offer =>
            {
                taken.Add((replica, offer.Id));
                offer.Accept();
                offer.Open(replica.Share);
            };
        }

        var opened = 0;
        var failures = new ConcurrentQueue<string>();
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                switch (await OpenAsync())
                {
                    case OpenResult.Opened stream:
                        Interlocked.Increment(ref opened);
                        stream.Stream.Reset(ResetCode.Policy);
                        break;
                    case OpenResult.Failed failed:
                        failures.Enqueue($"{failed.Code}: {failed.Reason}");
                        break;
                }
            }
        })).ToArray();
        await Eventually.IsTrue(() => Volatile.Read(ref opened) > 200, "clients are served");
        drains.Link.Drain(TimeSpan.FromSeconds(30));
        var last = await drains.DrainAnswer.Task.WaitAsync(Long);
        var before = Volatile.Read(ref opened);
        await Eventually.IsTrue(() => Volatile.Read(ref opened) > before + 200, "clients are served by the other");
        await stop.CancelAsync();
        await Task.WhenAll(clients).WaitAsync(Long);
        Assert.Empty(failures);
        Assert.InRange(taken.Where(one => one.Replica == drains).Max(one => one.Id), 1u, last);
        await AssertAllBackAsync(drains, stays);
    }

    [Fact]
    public async Task Drain_under_two_hundred_opens_a_second_fails_nobody_and_takes_none_after_its_acknowledgement()
    {
        const int opens = 1000;
        var (drains, stays) = (await ReplicaAsync("r1"), await ReplicaAsync("r2"));
        var taken = new ConcurrentBag<(LoneReplica Replica, uint Id)>();
        foreach (var replica in (LoneReplica[])[drains, stays])
        {
            replica.OnOffered = offer =>
            {
                taken.Add((replica, offer.Id));
                offer.Accept();
                offer.Open(replica.Share);
            };
        }

        var results = new List<Task<OpenResult>>(opens);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        var acknowledgedAt = 0;
        while (results.Count < opens)
        {
            await pace.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            results.Add(Task.Run(OpenAsync));
            if (results.Count == opens / 4)
                drains.Link.Drain(TimeSpan.FromSeconds(30));
            if (acknowledgedAt == 0 && drains.DrainAnswer.Task.IsCompleted)
                acknowledgedAt = results.Count;
        }

        var ended = await Task.WhenAll(results).WaitAsync(Long);
        Assert.Empty(ended.OfType<OpenResult.Failed>());
        Assert.InRange(acknowledgedAt, opens / 4, opens - 1);
        Assert.InRange(taken.Where(one => one.Replica == drains).Max(one => one.Id), 1u, await drains.DrainAnswer.Task);
        foreach (var opened in ended.OfType<OpenResult.Opened>())
        {
            opened.Stream.Reset(ResetCode.Policy);
        }

        await AssertAllBackAsync(drains, stays);
    }

    private static (LoneReplica Replica, OfferedStream Offer) Take(BlockingCollection<(LoneReplica, OfferedStream)> offers)
        => offers.TryTake(out var taken, Long) ? taken : throw new TimeoutException("no offer came");

    private static async Task BehaveAsync(LoneReplica replica, OfferedStream offer)
    {
        var random = Random.Shared;
        await Task.Delay(random.Next(0, 60));
        switch (random.Next(10))
        {
            case 0:
                offer.Refuse(RefusalCode.Stale, "slept");
                return;
            case 1:
                offer.Refuse(RefusalCode.Draining, "drains");
                return;
        }

        offer.Accept();
        await Task.Delay(random.Next(0, 60));
        offer.Open(replica.Share);
    }

    private Task<OpenResult> OpenAsync()
        => new StreamOpener(links, Limits, TimeProvider.System, memory.ForSocket(Raw.SocketId), EdgeSamples.Socket(Raw.SocketId.Value))
            .OpenAsync(Raw.Request, CancellationToken.None);

    private async Task<LoneReplica> ReplicaAsync(string name)
    {
        tickets.With(name, EdgeSamples.Claims(name, replica: name, key: new KeyThumbprint(name)));
        var hello = EdgeSamples.Hello(name, replica: name);
        var link = links.Admit(hello, new KeyThumbprint(name)).Link!;
        var (near, far) = WireEnd.Create();
        Assert.True(link.Link.TryAttach(hello, near));
        links.LaneSettled(link, attached: true);
        var replica = new LoneReplica(AwakeTime.Instance);
        replica.Attach(far);
        replica.Link.Serve(Raw.SocketId, 1, UpstreamLamp.On);
        await Eventually.IsTrue(() => link.Link.Serves(Raw.SocketId), $"{name} serves");
        return replica;
    }

    private async Task AssertAllBackAsync(params LoneReplica[] replicas)
    {
        links.Close("the test is over");
        foreach (var replica in replicas)
        {
            await replica.AssertAllBackAsync();
        }

        await Eventually.IsTrue(() => memory is { OutstandingBuffers: 0, UsedBytes: 0, ReservedStreams: 0 }, "everything is back at the edge");
    }
}
