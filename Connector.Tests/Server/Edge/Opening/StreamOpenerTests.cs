using System.Diagnostics.Metrics;
using System.Net;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Links;
using Connector.Server.Edge;
using Connector.Server.Edge.Accounting;
using Connector.Server.Edge.Links;
using Connector.Server.Edge.Opening;
using Connector.Server.Feed;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Server.Edge.Opening;

[Trait("kind", Kinds.Stream)]
public sealed class StreamOpenerTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private static readonly EdgeLimits Limits = new();

    private readonly FakeTimeProvider time = new(EdgeSamples.Now);
    private readonly CancellationTokenSource givenUp = new();
    private readonly KnownTickets tickets = new();
    private readonly SocketId id = new($"web-{Guid.NewGuid():N}");
    private readonly LinkTable links;

    public StreamOpenerTests()
    {
        links = new LinkTable(Limits, time, (_, _, _) => new FakeRelayLink { Answer = _ => null });
        links.Apply(EdgeSamples.Tables(EdgeSamples.State(1, [Socket()]), tickets));
    }

    [Fact]
    public async Task Silent_replica_is_hedged_and_the_one_that_accepts_gets_the_client()
    {
        using var counts = new Counts(id);
        var (first, second) = (Replica("r1"), Replica("r2"));
        var opening = OpenAsync(Socket());
        var (asked, other) = await AskedAsync(first, second);
        Assert.Empty(other.Requests);
        time.Advance(Limits.HedgeAfter);
        var hedge = await OpeningAsync(other);
        hedge.Accept();
        await Eventually.IsTrue(() => asked.Openings.Single().IsCancelled, "the silent offer is taken back");

        // It wakes up and opens all the same: two upstreams are connected, and only one may stay.
        var late = new EchoStream();
        asked.Openings.Single().Say(new OpenAnswer.Opened(late));
        Assert.Equal(ResetCode.Cancelled, await late.WasReset.WaitAsync(Long));
        var stream = new EchoStream();
        hedge.Say(new OpenAnswer.Opened(stream));
        var opened = Assert.IsType<OpenResult.Opened>(await opening.WaitAsync(Long));
        Assert.Same(stream, opened.Stream);
        Assert.Same(other, opened.Link.Link);
        Assert.False(stream.WasReset.IsCompleted);
        Assert.Equal((1, 1, 0), (counts["hedges"], counts["hedge_wins"], counts["stale_retries"]));
    }

    [Theory]
    [InlineData(RefusalCode.UpstreamRefused)]
    [InlineData(RefusalCode.UpstreamTimeout)]
    [InlineData(RefusalCode.Unreachable)]
    [InlineData(RefusalCode.Forbidden)]
    public async Task Replica_that_does_not_reach_the_upstream_is_avoided_until_it_does(RefusalCode code)
    {
        var (bad, good) = (Replica("r1"), Replica("r2"));
        bad.Answer = _ => new OpenAnswer.Refused(code, "not from here");
        good.Answer = _ => new OpenAnswer.Opened(new EchoStream());
        good.LiveStreams = 1000;

        // The one with fewer streams is asked first, and the client does not notice.
        Assert.IsType<OpenResult.Opened>(await OpenAsync(Socket()).WaitAsync(Long));
        Assert.Single(bad.Requests);
        for (var i = 0; i < 20; i++)
        {
            Assert.IsType<OpenResult.Opened>(await OpenAsync(Socket()).WaitAsync(Long));
        }

        Assert.Single(bad.Requests);
        time.Advance(Avoidance.Shortest);
        bad.Answer = _ => new OpenAnswer.Opened(new EchoStream());
        Assert.IsType<OpenResult.Opened>(await OpenAsync(Socket()).WaitAsync(Long));
        Assert.Equal(2, bad.Requests.Count);
        Assert.Equal(0, links.Failures.Count);
    }

    [Fact]
    public async Task Upstream_that_nobody_reaches_is_asked_for_twice_and_the_record_names_both()
    {
        FakeRelayLink[] all = [Replica("r1"), Replica("r2"), Replica("r3")];
        foreach (var replica in all)
        {
            replica.Answer = _ => new OpenAnswer.Refused(RefusalCode.UpstreamRefused, "down");
        }

        var failed = Assert.IsType<OpenResult.Failed>(await OpenAsync(Socket()).WaitAsync(Long));
        Assert.Equal(2, all.Sum(replica => replica.Requests.Count));
        Assert.Equal(("upstream_refused", "down"), (failed.Code, failed.Upstream));
        Assert.Equal(2, new[] { "r1", "r2", "r3" }.Count(name => failed.Reason.Contains($"replica {name}", StringComparison.Ordinal)));
        Assert.Contains("as did replica", failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replica_that_never_answers_is_avoided_afterwards()
    {
        var (first, second) = (Replica("r1"), Replica("r2"));
        var opening = OpenAsync(Socket() with { Hedge = false });
        var (asked, other) = await AskedAsync(first, second);
        asked.Openings.Single().Accept();
        await Settled();
        time.Advance(Limits.OpenDeadline);
        await givenUp.CancelAsync();
        Assert.Equal("timeout", Assert.IsType<OpenResult.Failed>(await opening.WaitAsync(Long)).Code);
        Assert.Equal(1, links.Failures.Count);
        other.LiveStreams = 1000;
        for (var i = 0; i < 10; i++)
        {
            Assert.Same(other, links.Choose(Socket())!.Link);
        }
    }

    [Fact]
    public async Task Stream_that_is_given_up_early_says_nothing_of_its_replica()
    {
        var replica = Replica("r1");
        var opening = OpenAsync(Socket());
        await OpeningAsync(replica);
        await givenUp.CancelAsync();
        Assert.IsType<OpenResult.Failed>(await opening.WaitAsync(Long));
        Assert.Equal(0, links.Failures.Count);
    }

    [Fact]
    public async Task Slow_upstream_is_not_hedged()
    {
        var (first, second) = (Replica("r1"), Replica("r2"));
        var opening = OpenAsync(Socket());
        var (asked, other) = await AskedAsync(first, second);
        asked.Openings.Single().Accept();
        await Settled();
        time.Advance(TimeSpan.FromSeconds(10));
        await Settled();
        asked.Openings.Single().Say(new OpenAnswer.Opened(new EchoStream()));
        Assert.IsType<OpenResult.Opened>(await opening.WaitAsync(Long));
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task Socket_without_hedging_waits_for_its_replica_but_not_for_a_lost_link()
    {
        var (first, second) = (Replica("r1"), Replica("r2"));
        var opening = OpenAsync(Socket() with { Hedge = false });
        var (asked, other) = await AskedAsync(first, second);
        time.Advance(TimeSpan.FromSeconds(10));
        await Settled();
        Assert.Empty(other.Requests);
        asked.Openings.Single().Say(new OpenAnswer.LinkLost("cable cut"));
        (await OpeningAsync(other)).Say(new OpenAnswer.Opened(new EchoStream()));
        Assert.IsType<OpenResult.Opened>(await opening.WaitAsync(Long));
    }

    [Fact]
    public async Task Stale_replica_that_is_alone_is_asked_again_after_a_pause()
    {
        using var counts = new Counts(id);
        var only = Replica("r1");
        var opening = OpenAsync(Socket());
        (await OpeningAsync(only)).Say(new OpenAnswer.Refused(RefusalCode.Stale, "slept"));
        await Settled();
        Assert.Single(only.Openings);
        await AdvanceUntil(() => only.Openings.Count == 2);
        only.Openings.Last().Say(new OpenAnswer.Opened(new EchoStream()));
        Assert.IsType<OpenResult.Opened>(await opening.WaitAsync(Long));
        Assert.Equal(1, counts["stale_retries"]);
    }

    [Fact]
    public async Task Replica_that_stays_stale_is_refused_after_three_tries()
    {
        var only = Replica("r1");
        only.Answer = _ => new OpenAnswer.Refused(RefusalCode.Stale, "slept");
        var opening = OpenAsync(Socket());
        await AdvanceUntil(() => opening.IsCompleted);
        var failed = Assert.IsType<OpenResult.Failed>(await opening);
        Assert.Equal(("stale", 3), (failed.Code, only.Openings.Count));
    }

    [Fact]
    public async Task Draining_replica_without_another_is_a_refusal_that_says_so()
    {
        Replica("r1").Answer = _ => new OpenAnswer.Refused(RefusalCode.Draining, "this replica drains");
        var failed = Assert.IsType<OpenResult.Failed>(await OpenAsync(Socket()).WaitAsync(Long));
        Assert.Equal("draining", failed.Code);
        Assert.Contains("r1 is draining", failed.Reason, StringComparison.Ordinal);

        // Known before anything is offered.
        ((FakeRelayLink)failed.Link!.Link).IsDraining = true;
        failed = Assert.IsType<OpenResult.Failed>(await OpenAsync(Socket()).WaitAsync(Long));
        Assert.Equal(("draining", null), (failed.Code, failed.Link));
        Assert.Contains("draining", failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refusal_that_is_not_known_is_final()
    {
        var (first, second) = (Replica("r1"), Replica("r2"));
        first.Answer = second.Answer = _ => new OpenAnswer.Refused((RefusalCode)99, "of a newer replica");
        var failed = Assert.IsType<OpenResult.Failed>(await OpenAsync(Socket()).WaitAsync(Long));
        Assert.Equal(("other", "of a newer replica"), (failed.Code, failed.Upstream));
        Assert.Equal(1, first.Openings.Count + second.Openings.Count);
    }

    [Fact]
    public async Task Client_that_leaves_takes_every_offer_back()
    {
        var (first, second) = (Replica("r1"), Replica("r2"));
        var opening = OpenAsync(Socket());
        await AskedAsync(first, second);
        time.Advance(Limits.HedgeAfter);
        await OpeningAsync(first);
        await OpeningAsync(second);
        await givenUp.CancelAsync();
        Assert.Equal("timeout", Assert.IsType<OpenResult.Failed>(await opening.WaitAsync(Long)).Code);
        Assert.All([first, second], link => Assert.True(link.Openings.Single().IsCancelled));
    }

    [Fact]
    public async Task Socket_taken_from_the_connector_while_the_replica_dialled_is_refused()
    {
        var only = Replica("r1");
        var opening = OpenAsync(Socket());
        var offer = await OpeningAsync(only);
        links.Apply(EdgeSamples.Tables(EdgeSamples.State(2, [Socket() with { Connectors = [EdgeSamples.ConnectorB] }]), tickets));
        var stream = new EchoStream();
        offer.Say(new OpenAnswer.Opened(stream));
        Assert.Equal("no_right", Assert.IsType<OpenResult.Failed>(await opening.WaitAsync(Long)).Code);
        Assert.Equal(ResetCode.Policy, await stream.WasReset.WaitAsync(Long));
    }

    /// <summary>Three replicas do anything at any time, threads and clock included: one stream lives or none, and never a second.</summary>
    [Fact]
    public void Whatever_replicas_do_at_most_one_stream_lives()
        => Gen.Select(Gen.Int[1, 3], Gen.Bool, Gen.Select(Gen.Int[0, 5], Gen.Int[0, 8]).Array[1, 12]).Sample(
            script => RunAsync(script.Item1, script.Item2, script.Item3).WaitAsync(Long).GetAwaiter().GetResult(), iter: 300, threads: 1);

    public void Dispose() => givenUp.Dispose();

    private static async Task RunAsync(int replicas, bool hedge, (int Which, int What)[] script)
    {
        using var world = new StreamOpenerTests();
        var fakes = Enumerable.Range(0, replicas).Select(i => world.Replica($"r{i}")).ToArray();
        var opening = world.OpenAsync(world.Socket() with { Hedge = hedge });
        var streams = new List<EchoStream>();
        var both = 0;
        foreach (var (which, what) in script)
        {
            var offers = fakes.SelectMany(fake => fake.Openings).ToArray();
            var offer = offers.Length == 0 ? null : offers[which % offers.Length];
            switch (what)
            {
                case 0:
                    offer?.Accept();
                    break;
                case 1:
                    var stream = new EchoStream();
                    if (offer is { Answer.IsCompletedSuccessfully: false } or { IsCancelled: true })
                    {
                        streams.Add(stream);
                        offer.Say(new OpenAnswer.Opened(stream));
                    }

                    break;
                case 2:
                    offer?.Say(new OpenAnswer.LinkLost("cut"));
                    break;
                case 3:
                    offer?.Say(new OpenAnswer.Refused(RefusalCode.Stale, ""));
                    break;
                case 4:
                    offer?.Say(new OpenAnswer.Refused(RefusalCode.Draining, ""));
                    break;
                case 5:
                    offer?.Say(new OpenAnswer.Refused(RefusalCode.Busy, ""));
                    break;
                case 6:
                    fakes[which % fakes.Length].IsDraining ^= true;
                    break;
                default:
                    world.time.Advance(Limits.HedgeAfter);
                    break;
            }

            if (which % 2 == 0)
            {
                await Settled();
            }

            both = Math.Max(both, fakes.Sum(fake => fake.Openings.Count(made => !made.IsCancelled && !made.Answer.IsCompleted)));
            Assert.True(both <= StreamRace.MostAtOnce, $"{both} offers at a time");
        }

        await Settled();
        await world.givenUp.CancelAsync();
        var result = await opening;
        Assert.True(fakes.Sum(fake => fake.Openings.Count) <= StreamRace.MostOffers);
        var winner = (result as OpenResult.Opened)?.Stream;
        foreach (var stream in streams)
        {
            Assert.True(stream.WasReset.IsCompleted != ReferenceEquals(stream, winner), $"{result}: a stream {(ReferenceEquals(stream, winner) ? "that won was reset" : "that lost lives")}");
        }

        // What was not answered was taken back.
        Assert.All(fakes.SelectMany(fake => fake.Openings), offer => Assert.True(offer.Answer.IsCompleted));
    }

    /// <summary>Lets continuations run that are due. What a test then asserts to be absent could only be missed, not invented.</summary>
    private static async Task Settled()
    {
        for (var i = 0; i < 20; i++)
        {
            await Task.Yield();
        }
    }

    private static async Task<FakeOpening> OpeningAsync(FakeRelayLink link)
    {
        await Eventually.IsTrue(() => !link.Openings.IsEmpty, "the replica is asked");
        return link.Openings.Last();
    }

    private async Task AdvanceUntil(Func<bool> condition)
        => await Eventually.IsTrue(
            () =>
            {
                if (!condition())
                {
                    time.Advance(Limits.StaleRetryPause);
                }

                return condition();
            },
            "the opener has gone on");

    private static async Task<(FakeRelayLink Asked, FakeRelayLink Other)> AskedAsync(FakeRelayLink one, FakeRelayLink two)
    {
        await Eventually.IsTrue(() => one.Openings.Count + two.Openings.Count == 1, "one replica is asked");
        return one.Openings.IsEmpty ? (two, one) : (one, two);
    }

    private EdgeSocket Socket() => EdgeSamples.Socket(id.Value);

    private Task<OpenResult> OpenAsync(EdgeSocket socket)
        => new StreamOpener(links, Limits, time, null!, socket)
            .OpenAsync(new OpenRequest(id, new IPEndPoint(IPAddress.Loopback, 1), "", "", ""), givenUp.Token);

    private FakeRelayLink Replica(string name) => FakeRelayLink.Admitted(links, tickets, name, [id]);

    /// <summary>The counters of one socket.</summary>
    private sealed class Counts : IDisposable
    {
        private readonly MeterListener listener = new();
        private readonly Dictionary<string, long> sums = [];

        public Counts(SocketId socket)
        {
            listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == EdgeMetrics.MeterName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            {
                if (tags.ToArray().Contains(new("socket", socket.Value)))
                {
                    lock (sums)
                    {
                        sums[instrument.Name] = sums.GetValueOrDefault(instrument.Name) + value;
                    }
                }
            });
            listener.Start();
        }

        public long this[string name]
        {
            get
            {
                lock (sums)
                {
                    return sums.GetValueOrDefault($"connector.edge.{name}");
                }
            }
        }

        public void Dispose() => listener.Dispose();
    }
}
