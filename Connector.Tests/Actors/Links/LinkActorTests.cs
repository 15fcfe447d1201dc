using System.Collections.Concurrent;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Connector.Actors.Health;
using Connector.Actors.Links;
using Connector.Actors.Sockets;
using Connector.Actors.Sockets.Checks;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Connector.Tests.Actors.Links;

[Trait("kind", Kinds.Actor)]
public sealed class LinkActorTests : TestKit
{
    private static readonly EdgeId Edge = new("edge-1");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly FakeTimeProvider time = new();
    private readonly ScriptedLaneDialer dialer = new();
    private readonly ConcurrentQueue<ScriptedLink> made = new();
    private readonly TestProbe sockets;
    private readonly TestProbe status;
    private readonly TestProbe settled;
    private readonly IActorRef links;

    public LinkActorTests()
        : base(TestKitHocon.Patient + """
            akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
            akka.loglevel = ERROR
            """)
    {
        sockets = CreateTestProbe();
        status = CreateTestProbe();
        settled = CreateTestProbe();
        Sys.EventStream.Subscribe(status, typeof(LinkSupervisorProtocol.LinkStatusChanged));
        links = Sys.ActorOf(
            LinkSupervisor.Props(new LinkDependencies(
                new ReplicaId("replica"),
                BootId.New(),
                sockets,
                dialer,
                owner =>
                {
                    var link = new ScriptedLink(owner);
                    made.Enqueue(link);
                    return link;
                },
                LaneSettings.Default,
                time,
                () => 1.0)),
            "links");
    }

    [Fact]
    public void Nothing_is_dialled_without_a_ticket()
    {
        ApplyEdges(At("a:1"));
        Assert.Contains("ticket", ExpectStatus(connected: false).Reason, StringComparison.Ordinal);
        Assert.Empty(dialer.Dialled);

        links.Tell(new LinkSupervisorProtocol.ApplyTicket("t1"));

        ExpectStatus(connected: true);
        Assert.All(dialer.Dialled, d => Assert.Equal("t1", d.Hello.Ticket));
    }

    [Fact]
    public void Two_lanes_are_kept_up()
    {
        var link = Connect();

        AwaitAssert(() => Assert.Equal(2, link.LiveLanes));
        Assert.Equal([1, 2], link.LaneNumbers);
    }

    [Fact]
    public void Lost_lanes_are_dialled_again_with_backoff_and_new_numbers()
    {
        var link = Connect();
        AwaitAssert(() => Assert.Equal(2, link.LiveLanes));

        link.CutLanes();
        Assert.Contains("cut by the test", ExpectStatus(connected: false).Reason, StringComparison.Ordinal);
        Assert.Equal(2, dialer.Dialled.Count);
        AdvanceUntil(() => link.LiveLanes == 2, TimeSpan.FromSeconds(0.1));

        ExpectStatus(connected: true);
        Assert.Equal([3, 4], link.LaneNumbers);
        Assert.Single(made);
    }

    [Fact]
    public void Failing_dials_wait_longer_each_time()
    {
        var failed = TimeSpan.Zero;
        var elapsed = TimeSpan.Zero;
        var waits = new ConcurrentQueue<TimeSpan>();
        dialer.Script = hello =>
        {
            if (hello.LaneNumber % 2 == 1)
            {
                waits.Enqueue(elapsed - failed);
                failed = elapsed;
            }

            return Task.FromResult<LaneDialOutcome>(new LaneDialOutcome.Failed("no route"));
        };
        links.Tell(new LinkSupervisorProtocol.ApplyTicket("t"));
        ApplyEdges(At("a:1"));
        ExpectStatus(connected: false);

        AdvanceUntil(() => waits.Count >= 7, TimeSpan.FromSeconds(0.1), () => elapsed += TimeSpan.FromSeconds(0.1));

        // Full jitter at its upper end: 0.1 s, doubling. The clock moves in steps of 0.1 s while answers are on their way, so only a lower bound is exact.
        var measured = waits.Skip(1).Take(6).Select(w => w.TotalSeconds).ToArray();
        Assert.True(measured[5] > measured[1], string.Join(", ", measured));
        Assert.True(measured[5] >= 2 - 0.01, string.Join(", ", measured));
    }

    [Fact]
    public void Dials_are_hurried_while_streams_wait_for_a_lane()
    {
        var link = Connect();
        AwaitAssert(() => Assert.Equal(2, link.LiveLanes));
        Assert.All(dialer.Timeouts, timeout => Assert.Equal(LaneSettings.Default.ConnectTimeout, timeout));
        link.LiveStreams = 3;
        var elapsed = TimeSpan.Zero;
        dialer.Timeouts.Clear();
        dialer.Script = _ => Task.FromResult<LaneDialOutcome>(new LaneDialOutcome.Failed("no route"));
        link.CutLanes();
        ExpectStatus(connected: false);

        // Two lanes, each at least every half second but for what the answers take: without the hurry the seventh try alone waits over 6 s.
        AdvanceUntil(() => dialer.Timeouts.Count >= 24, TimeSpan.FromSeconds(0.1), () => elapsed += TimeSpan.FromSeconds(0.1));

        Assert.All(dialer.Timeouts, timeout => Assert.Equal(LaneSettings.Default.HurriedConnectTimeout, timeout));
        Assert.True(elapsed < LaneSettings.Default.Detached, $"{elapsed}");
        Assert.Single(made);
    }

    [Fact]
    public void Hurried_dials_over_a_long_path_take_the_time_that_it_needs()
    {
        var welcomed = new ConcurrentQueue<TaskCompletionSource>();
        dialer.Script = async hello =>
        {
            var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            welcomed.Enqueue(answer);
            await answer.Task;
            return dialer.Welcome(Edge, hello);
        };
        links.Tell(new LinkSupervisorProtocol.ApplyTicket("t1"));
        ApplyEdges(At("a:1"));
        AwaitCondition(() => welcomed.Count == 2, Patience);
        time.Advance(TimeSpan.FromSeconds(0.9));
        foreach (var answer in welcomed)
            answer.SetResult();
        AwaitCondition(() => made.TryPeek(out var up) && up.LiveLanes == 2, Patience);
        made.TryPeek(out var link);
        link!.LiveStreams = 1;
        dialer.Script = _ => Task.FromResult<LaneDialOutcome>(new LaneDialOutcome.Failed("no route"));
        dialer.Timeouts.Clear();
        link.CutLanes();

        AdvanceUntil(() => dialer.Timeouts.Count >= 4, TimeSpan.FromSeconds(0.1));

        Assert.All(dialer.Timeouts, timeout => Assert.Equal(TimeSpan.FromSeconds(2.7), timeout));
    }

    [Fact]
    public void Serve_table_follows_the_sockets_and_is_told_to_each_new_link()
    {
        var link = Connect();
        sockets.ExpectMsg<SocketSupervisorProtocol.GetSocketStatuses>(Patience);
        sockets.Reply(new SocketSupervisorProtocol.SocketStatuses([Socket("a", SocketStates.Serving, 1), Socket("u", SocketStates.Unsupported, 1)]));
        Sys.EventStream.Publish(Socket("b", SocketStates.Serving, 2));
        Sys.EventStream.Publish(Socket("b", SocketStates.Serving, 2));
        Sys.EventStream.Publish(Socket("a", SocketStates.Starting, 2));
        Sys.EventStream.Publish(Socket("a", SocketStates.Failed, 2));
        Sys.EventStream.Publish(Socket("c", SocketStates.Serving, 3));
        AwaitAssert(() => Assert.Equal(["serve a 1", "serve b 2", "unserve a", "serve c 3"], link.Said));

        // The edge forgets the link: a lane that comes back is welcomed as a new one.
        dialer.Script = hello => Task.FromResult(dialer.Welcome(Edge, hello, forgotten: hello.LinkId == link.Id));
        link.CutLanes();
        AdvanceUntil(() => made.Count == 2, TimeSpan.FromSeconds(0.1));

        AwaitAssert(() => Assert.Equal(["serve b 2", "serve c 3"], made.Last().Said.Order()));
        Assert.True(link.Disposed);
        Assert.NotEqual(link.Id, made.Last().Id);
    }

    [Fact]
    public void Serve_that_the_edge_does_not_know_yet_is_said_again()
    {
        var link = Connect();
        Sys.EventStream.Publish(Socket("a", SocketStates.Serving, 1));
        AwaitAssert(() => Assert.Equal(["serve a 1"], link.Said));

        link.Owner.ServeAnswered(new SocketId("a"), ServeCode.Unknown);
        AdvanceUntil(() => link.Said.Count == 2, TimeSpan.FromSeconds(0.1));
        link.Owner.ServeAnswered(new SocketId("a"), ServeCode.Accepted);

        Assert.Equal(["serve a 1", "serve a 1"], link.Said);
    }

    [Fact]
    public void Link_without_lanes_for_long_is_replaced()
    {
        var link = Connect();
        AwaitAssert(() => Assert.Equal(2, link.LiveLanes));
        dialer.Script = _ => Task.FromResult<LaneDialOutcome>(new LaneDialOutcome.Failed("no route"));

        link.CutLanes();
        ExpectStatus(connected: false);
        AdvanceUntil(() => made.Count == 2, TimeSpan.FromSeconds(1));
        dialer.Script = null;
        AdvanceUntil(() => made.Last().LiveLanes == 2, TimeSpan.FromSeconds(1));

        Assert.True(link.Disposed);
    }

    [Fact]
    public void Refused_ticket_waits_for_a_new_one()
    {
        dialer.Script = hello => Task.FromResult(hello.Ticket == "good"
            ? dialer.Welcome(Edge, hello)
            : new LaneDialOutcome.Rejected(RejectCode.Ticket, "expired", TimeSpan.Zero));
        links.Tell(new LinkSupervisorProtocol.ApplyTicket("bad"));
        ApplyEdges(At("a:1"));
        Assert.Contains("expired", ExpectStatus(connected: false).Reason, StringComparison.Ordinal);

        links.Tell(new LinkSupervisorProtocol.ApplyTicket("good"));

        ExpectStatus(connected: true);
    }

    [Fact]
    public void Version_mismatch_says_upgrade()
    {
        dialer.Script = _ => Task.FromResult<LaneDialOutcome>(new LaneDialOutcome.Rejected(RejectCode.Version, "2 to 3", TimeSpan.Zero));
        links.Tell(new LinkSupervisorProtocol.ApplyTicket("t"));
        ApplyEdges(At("a:1"));

        Assert.Contains("upgrade", ExpectStatus(connected: false).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Link_mismatch_makes_a_new_link()
    {
        dialer.Script = hello => Task.FromResult(made.First().Id == hello.LinkId
            ? new LaneDialOutcome.Rejected(RejectCode.LinkMismatch, "not yours", TimeSpan.Zero)
            : dialer.Welcome(Edge, hello));
        links.Tell(new LinkSupervisorProtocol.ApplyTicket("t"));

        ApplyEdges(At("a:1"));

        ExpectStatus(connected: true);
        Assert.Equal(2, made.Count);
    }

    [Fact]
    public void Renewed_ticket_goes_to_the_live_link()
    {
        var link = Connect();

        links.Tell(new LinkSupervisorProtocol.ApplyTicket("t2"));
        links.Tell(new LinkSupervisorProtocol.ApplyTicket("t2"));

        AwaitAssert(() => Assert.Equal(["ticket t2"], link.Said));
    }

    [Fact]
    public void Edges_are_applied_by_difference()
    {
        var link = Connect();
        var other = new EdgeId("edge-2");
        var child = Children().Single();

        ApplyEdges(At("a:1", "b:2"), new LinkSupervisorProtocol.EdgeAddress(other, ["c:3"], []));
        ExpectStatus(connected: true);

        // The link stays; its next lane is dialled at the changed addresses.
        Assert.Contains(child, Children());
        Assert.Equal(2, Children().Count);
        Assert.False(link.Disposed);
        link.CutLanes();
        AdvanceUntil(() => dialer.Dialled.Any(d => d.Edge.Addresses.Contains("b:2")), TimeSpan.FromSeconds(0.1));

        ApplyEdges(new LinkSupervisorProtocol.EdgeAddress(other, ["c:3"], []));
        AwaitAssert(() => Assert.True(link.Disposed));
        AwaitAssert(() => Assert.Single(Children()));
    }

    [Fact]
    public void Drain_answers_when_the_edge_acknowledged_and_the_streams_have_ended()
    {
        var link = Connect();
        link.LiveStreams = 1;

        links.Tell(new LinkSupervisorProtocol.DrainLinks(TimeSpan.FromHours(1)), TestActor);
        AwaitAssert(() => Assert.Equal(["drain 3600"], link.Said));
        Advance(TimeSpan.FromSeconds(1));
        link.Owner.DrainAcknowledged(7);
        Advance(TimeSpan.FromSeconds(1));
        ExpectNoMsg(TimeSpan.Zero);
        link.LiveStreams = 0;
        LinkSupervisorProtocol.LinksDrained? drained = null;
        AdvanceUntil(() => (drained ??= (LinkSupervisorProtocol.LinksDrained?)ReceiveOne(TimeSpan.Zero)) is not null, TimeSpan.FromSeconds(0.1));

        Assert.Equal(0, drained!.StreamsLeft);
    }

    [Fact]
    public void Drain_ends_at_the_deadline_with_the_streams_that_are_left()
    {
        var link = Connect();
        link.LiveStreams = 3;

        links.Tell(new LinkSupervisorProtocol.DrainLinks(TimeSpan.FromSeconds(5)), TestActor);
        LinkSupervisorProtocol.LinksDrained? drained = null;
        AdvanceUntil(() => (drained ??= (LinkSupervisorProtocol.LinksDrained?)ReceiveOne(TimeSpan.Zero)) is not null, TimeSpan.FromSeconds(1));

        Assert.Equal(3, drained!.StreamsLeft);
    }

    [Fact]
    public void Lane_lost_while_draining_is_dialled_again_for_the_streams_that_run()
    {
        var link = Connect();
        link.LiveStreams = 1;
        links.Tell(new LinkSupervisorProtocol.DrainLinks(TimeSpan.FromHours(1)), TestActor);
        AwaitAssert(() => Assert.Equal(["drain 3600"], link.Said));
        var before = link.LaneNumbers.Max();

        link.CutLanes();

        AdvanceUntil(() => link.LaneNumbers.Any(number => number > before), TimeSpan.FromSeconds(0.1));
    }

    [Fact]
    public void Drain_without_links_answers_at_once()
    {
        links.Tell(new LinkSupervisorProtocol.DrainLinks(TimeSpan.FromSeconds(5)), TestActor);

        Assert.Equal(0, ExpectMsg<LinkSupervisorProtocol.LinksDrained>().StreamsLeft);
    }

    [Fact]
    public void Edge_that_sends_us_away_is_left_after_its_streams_and_tried_again_later()
    {
        var link = Connect();
        link.LiveStreams = 1;

        link.Owner.GoAwayReceived(GoAwayReason.Drain, TimeSpan.FromMinutes(1));
        Advance(TimeSpan.FromSeconds(1));
        Assert.False(link.Disposed);
        link.LiveStreams = 0;
        AdvanceUntil(() => link.Disposed, TimeSpan.FromSeconds(0.1));
        ExpectStatus(connected: false);
        AdvanceUntil(() => made.Count == 2, TimeSpan.FromSeconds(1));

        ExpectStatus(connected: true);
    }

    [Fact]
    public void Changed_upstream_lamp_is_said_with_another_serve_and_the_path_is_published()
    {
        var paths = CreateTestProbe();
        Sys.EventStream.Subscribe(paths, typeof(LinkPath));
        var link = Connect();
        Sys.EventStream.Publish(Socket("s", SocketStates.Serving, 4));
        AwaitAssert(() => Assert.Contains("serve s 4", link.Said));
        Upstream(LampState.Off);
        AwaitAssert(() => Assert.Contains("serve s 4 Off", link.Said));
        Upstream(LampState.Off);
        Upstream(LampState.On);
        AdvanceUntil(() => link.Said.Contains("serve s 4 On"), TimeSpan.FromSeconds(0.5));
        Assert.Single(link.Said, said => said == "serve s 4 Off");

        link.Owner.ServeAnswered(new SocketId("s"), ServeCode.Accepted);
        Path(LampState.On);
        link.Path = new Connector.Relay.Links.PathProof(false, TimeSpan.FromSeconds(4));
        Assert.Contains("lets nothing through", Path(LampState.Off).Reason, StringComparison.Ordinal);
        link.Path = new Connector.Relay.Links.PathProof(true, TimeSpan.Zero);
        Path(LampState.On);
        dialer.Script = _ => Task.FromResult<LaneDialOutcome>(new LaneDialOutcome.Failed("no route"));
        link.CutLanes();
        Path(LampState.Off);

        void Upstream(LampState state) => Sys.EventStream.Publish(new UpstreamCheckProtocol.UpstreamLampsChanged(
            [new UpstreamCheckProtocol.UpstreamLampOf(new SocketId("s"), new Lamp(state, DateTimeOffset.UnixEpoch, null, ""))]));

        Lamp Path(LampState state)
        {
            Lamp? found = null;
            AdvanceUntil(
                () =>
                {
                    while (found is null && paths.HasMessages)
                    {
                        var lamp = paths.ExpectMsg<LinkPath>(Patience).Of(new SocketId("s"));
                        found = lamp.State == state ? lamp : null;
                    }

                    return found is not null;
                },
                TimeSpan.FromSeconds(0.1));
            return found!;
        }
    }

    [Fact]
    public void Crashed_lane_costs_its_link_and_no_other()
    {
        var other = new LinkSupervisorProtocol.EdgeAddress(new EdgeId("edge-2"), ["c:3"], []);
        var link = Connect();
        ApplyEdges(At("a:1"), other);
        ExpectStatus(connected: true);
        dialer.Script = hello => hello.LinkId == link.Id ? throw new InvalidOperationException("boom") : Task.FromResult(dialer.Welcome(Edge, hello));

        link.CutLanes();
        AdvanceUntil(() => made.Count == 3 && made.Last().LiveLanes == 2, TimeSpan.FromSeconds(0.5));

        Assert.True(link.Disposed);
        Assert.False(made.ElementAt(1).Disposed);
    }

    private ScriptedLink Connect()
    {
        links.Tell(new LinkSupervisorProtocol.ApplyTicket("t"));
        ApplyEdges(At("a:1"));
        ExpectStatus(connected: true);
        return Assert.Single(made);
    }

    private LinkSupervisorProtocol.LinkStatusChanged ExpectStatus(bool connected)
        => (LinkSupervisorProtocol.LinkStatusChanged)status.FishForMessage(
            m => m is LinkSupervisorProtocol.LinkStatusChanged s && s.Connected == connected, Patience);

    private void ApplyEdges(params LinkSupervisorProtocol.EdgeAddress[] edges) => links.Tell(new LinkSupervisorProtocol.ApplyEdges([.. edges]));

    private static LinkSupervisorProtocol.EdgeAddress At(params string[] addresses) => new(Edge, [.. addresses], []);

    private static SocketSupervisorProtocol.SocketStatusChanged Socket(string id, string state, long version)
        => new(new SocketId(id), id, state, "", version, 0, DateTimeOffset.UnixEpoch);

    private List<IActorRef> Children() => [.. ((ActorRefWithCell)links).Children];

    private void Advance(TimeSpan by)
    {
        time.Advance(by);
        ((TestScheduler)Sys.Scheduler).Advance(by);
    }

    /// <summary>
    /// What is under way is done: dials are answered at once, so an actor that answers has its turn behind it. Three times: a due timer of a lane, the
    /// end of its dial, and what its link makes of that.
    /// </summary>
    private void Settle()
    {
        for (var round = 0; round < 3; round++)
            Settle(links);
    }

    private void Settle(IActorRef actor)
    {
        actor.Tell(new Identify(1), settled);
        settled.ExpectMsg<ActorIdentity>(Patience);
        foreach (var child in ((ActorRefWithCell)actor).Children)
            Settle(child);
    }

    /// <summary>Virtual time passes until it is so, each step once the actors are done with the one before.</summary>
    private void AdvanceUntil(Func<bool> condition, TimeSpan step, Action? each = null)
        => AwaitAssert(
            () =>
            {
                Settle();
                if (condition())
                    return;
                each?.Invoke();
                Advance(step);
                Assert.True(condition());
            },
            Patience,
            TimeSpan.FromMilliseconds(5));
}
