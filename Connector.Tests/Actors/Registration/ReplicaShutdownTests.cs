using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Actor;
using Akka.TestKit;
using Connector.Actors.Control;
using Connector.Actors.Health;
using Connector.Actors.Links;
using Connector.Actors.Registration;
using Connector.Protocol.Ids;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using TestKit = Akka.TestKit.Xunit.TestKit;

namespace Connector.Tests.Actors.Registration;

[Trait("kind", Kinds.Actor)]
public sealed class ReplicaShutdownTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider time = new();
    private readonly ConcurrentQueue<string> done = new();
    private readonly TestProbe health;
    private readonly TestProbe links;
    private readonly TestProbe control;
    private readonly RunningStreams streams;

    public ReplicaShutdownTests()
        : base(TestKitHocon.Patient + """
            akka.coordinated-shutdown {
              run-by-clr-shutdown-hook = off
              run-by-actor-system-terminate = off
              terminate-actor-system = off
              exit-clr = off
              phases.before-service-unbind.timeout = 30 s
              phases.service-unbind.timeout = 60 s
            }
            """)
    {
        (health, links, control) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        streams = new RunningStreams(time);
    }

    [Fact]
    public async Task Lone_replica_says_good_bye_closes_its_session_hands_over_and_then_drains()
    {
        Shutdown().AddTasks();
        var sinceRun = Stopwatch.StartNew();
        var run = CoordinatedShutdown.Get(Sys).Run(CoordinatedShutdown.ClrExitReason.Instance);

        health.ExpectMsg<HealthProtocol.DrainBegun>(Patience);
        var asked = links.ExpectMsg<LinkSupervisorProtocol.DrainLinks>(Patience);
        Assert.Equal(TimeSpan.FromMinutes(15), asked.Grace);
        control.ExpectMsg<ControlSessionProtocol.CloseSession>(Patience);

        // The session is waited for no longer than 3 s: a test that was held up for so long cannot tell.
        var beforeAnswer = done.ToArray();
        if (sinceRun.Elapsed < TimeSpan.FromSeconds(2))
            Assert.Empty(beforeAnswer);
        control.Reply(ControlSessionProtocol.SessionClosed.Instance);
        AwaitAssert(() => Assert.Equal(["state", "hand over"], done), Patience);

        // Everything is handed over while streams still run.
        Assert.False(run.IsCompleted);
        links.Reply(new LinkSupervisorProtocol.LinksDrained(0));
        await run.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Member_leaves_its_group_and_keeps_the_session_s_holder_out_of_it()
    {
        Shutdown(leave: () =>
        {
            done.Enqueue("group");
            return Task.CompletedTask;
        }).AddTasks();
        var run = CoordinatedShutdown.Get(Sys).Run(CoordinatedShutdown.ClrExitReason.Instance);
        links.ExpectMsg<LinkSupervisorProtocol.DrainLinks>(Patience);

        AwaitAssert(() => Assert.Equal(["group", "state", "hand over"], done), Patience);
        control.ExpectNoMsg(TimeSpan.Zero);
        links.Reply(new LinkSupervisorProtocol.LinksDrained(0));
        await run.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Step_that_fails_holds_up_nothing()
    {
        Shutdown(leave: () => throw new InvalidOperationException("the group is broken")).AddTasks();
        var run = CoordinatedShutdown.Get(Sys).Run(CoordinatedShutdown.ClrExitReason.Instance);
        links.ExpectMsg<LinkSupervisorProtocol.DrainLinks>(Patience);

        AwaitAssert(() => Assert.Equal(["state", "hand over"], done), Patience);
        links.Reply(new LinkSupervisorProtocol.LinksDrained(0));
        await run.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Streams_are_said_at_the_beginning_each_minute_and_at_the_end()
    {
        var end = new TaskCompletionSource();
        streams.Track(new SocketId("s"), end.Task);
        time.Advance(TimeSpan.FromSeconds(30));
        Shutdown(leave: () => Task.CompletedTask).AddTasks();
        Task? run = null;

        await EventFilter.Info(contains: "draining: 1 streams run, the oldest for 30 s; they have 15 min 0 s to end").ExpectOneAsync(
            Patience, () => Act(() => run = CoordinatedShutdown.Get(Sys).Run(CoordinatedShutdown.ClrExitReason.Instance)));
        await EventFilter.Info(contains: "draining for 1 min 0 s: 1 streams are left, the oldest runs for 1 min 30 s").ExpectOneAsync(
            Patience, () => Act(() => time.Advance(TimeSpan.FromMinutes(1))));
        links.ExpectMsg<LinkSupervisorProtocol.DrainLinks>(Patience);
        end.SetResult();
        await EventFilter.Info(contains: "all streams have ended").ExpectOneAsync(Patience, () => Act(() => links.Reply(new LinkSupervisorProtocol.LinksDrained(0))));
        await run!.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Streams_that_are_cut_are_said()
    {
        streams.Track(new SocketId("s"), new TaskCompletionSource().Task);
        Shutdown(leave: () => Task.CompletedTask).AddTasks();
        Task? run = CoordinatedShutdown.Get(Sys).Run(CoordinatedShutdown.ClrExitReason.Instance);
        links.ExpectMsg<LinkSupervisorProtocol.DrainLinks>(Patience);

        await EventFilter.Warning(contains: "1 streams are cut").ExpectOneAsync(Patience, () => Act(() => links.Reply(new LinkSupervisorProtocol.LinksDrained(1))));
        await run.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Time_of_the_host_is_above_the_sum_of_the_phases()
    {
        var config = ReplicaShutdown.Timeouts(TimeSpan.FromMinutes(15));
        var phases = config.GetTimeSpan("akka.coordinated-shutdown.phases.before-service-unbind.timeout")
            + config.GetTimeSpan("akka.coordinated-shutdown.phases.service-unbind.timeout");

        Assert.True(config.GetTimeSpan("akka.coordinated-shutdown.phases.service-unbind.timeout") > TimeSpan.FromMinutes(15));
        Assert.True(ReplicaShutdown.Longest(TimeSpan.FromMinutes(15)) > phases);
    }

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(59, "59 s")]
    [InlineData(61, "1 min 1 s")]
    [InlineData(3_725, "1 h 2 min")]
    [InlineData(180_000, "50 h 0 min")]
    public void Times_are_said_in_words(int seconds, string words) => Assert.Equal(words, DrainTimes.Words(TimeSpan.FromSeconds(seconds)));

    private ReplicaShutdown Shutdown(Func<Task>? leave = null) => new()
    {
        System = Sys,
        Health = health.Ref,
        Links = links.Ref,
        Control = control.Ref,
        Streams = streams,
        DrainGrace = TimeSpan.FromMinutes(15),
        Time = time,
        LeaveGroup = leave,
        CloseState = () => Did("state"),
        HandOver = () => Did("hand over"),
    };

    private static Task Act(Action act)
    {
        act();
        return Task.CompletedTask;
    }

    private Task Did(string what)
    {
        done.Enqueue(what);
        return Task.CompletedTask;
    }
}
