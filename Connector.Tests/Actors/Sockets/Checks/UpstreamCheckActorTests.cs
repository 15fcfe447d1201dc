using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Connector.Actors.Health;
using Connector.Actors.Reach;
using Connector.Actors.Sockets.Checks;
using Connector.Protocol.Ids;
using Connector.Tests.Relay;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Connector.Actors.Sockets.Checks.UpstreamCheckProtocol;

namespace Connector.Tests.Actors.Sockets.Checks;

[Trait("kind", Kinds.Actor)]
public sealed class UpstreamCheckActorTests : TestKit
{
    private static readonly SocketId Id = new("s");
    private static readonly PlainUpstream Upstream = new("up", 1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);

    private readonly FakeTimeProvider time = new();
    private readonly ScriptedDialer dialer = new();
    private readonly TestProbe lamps;
    private readonly TestProbe owner;
    private readonly IActorRef checks;
    private int concurrent;
    private int mostConcurrent;

    public UpstreamCheckActorTests()
        : base(TestKitHocon.Patient + """
            akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
            akka.loglevel = ERROR
            """)
    {
        lamps = CreateTestProbe();
        owner = CreateTestProbe();
        Sys.EventStream.Subscribe(lamps, typeof(UpstreamLampsChanged));
        checks = Sys.ActorOf(UpstreamCheckActor.Props(dialer, time, () => 0));
    }

    [Theory]
    [InlineData("hang", "did not take a connection within 2 s")]
    [InlineData("refuse", "refused")]
    public void Lamp_follows_within_six_seconds_both_ways(string fault, string reason)
    {
        Watch();
        Assert.Equal(LampState.On, Until(LampState.On, 6).State);
        dialer.Scripts["up"] = fault == "hang" ? Hang : Refuse;
        var off = Until(LampState.Off, 6);
        Assert.Contains(reason, off.Reason, StringComparison.Ordinal);
        Assert.NotNull(off.ProvenAt);
        Pass(20);
        dialer.Scripts.Clear();
        Assert.Equal("", Until(LampState.On, 6).Reason);
    }

    [Fact]
    public void Only_one_check_of_a_socket_is_outstanding()
    {
        dialer.Scripts["up"] = Hang;
        Watch(new UpstreamCheck(UpstreamCheckKind.Tcp, true, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), false));
        Until(LampState.Off, 12);
        Pass(20);
        Assert.Equal(1, mostConcurrent);
        Assert.InRange(dialer.Dialled.Count, 2, 4);
    }

    [Fact]
    public void Checks_at_once_have_a_bound_and_all_get_their_turn()
    {
        dialer.Scripts["up"] = Hang;
        var count = 3 * UpstreamCheckActor.MostAtOnce;
        for (var i = 0; i < count; i++)
            checks.Tell(new Watch(new SocketId($"s{i}"), "", Upstream, UpstreamCheck.Default), owner);
        var off = new HashSet<SocketId>();
        for (var step = 0; step < 60 && off.Count < count; step++)
        {
            Pass(0.25);
            while (lamps.HasMessages)
                off.UnionWith(lamps.ExpectMsg<UpstreamLampsChanged>(Patience).Lamps.Where(lamp => lamp.Lamp.State == LampState.Off).Select(lamp => lamp.SocketId));
        }

        Assert.Equal(count, off.Count);

        // The place of a dial that is given up may be taken by the next a moment before it is counted as gone.
        Assert.InRange(mostConcurrent, UpstreamCheckActor.MostAtOnce, 2 * UpstreamCheckActor.MostAtOnce);
    }

    [Fact]
    public void While_bytes_come_from_the_upstream_it_is_not_checked()
    {
        Watch();
        Until(LampState.On, 6);
        var stream = new ScriptedOffer(Id);
        checks.Tell(new StreamBegan(Id, Upstream, Lamp.Now(time), stream));
        var before = dialer.Dialled.Count;
        for (var second = 0; second < 30; second++)
        {
            stream.BytesFromUpstream += 10;
            Pass(1);
        }

        Assert.Equal(before, dialer.Dialled.Count);
        Assert.Equal(LampState.On, Last().State);

        // They stop, and so does the upstream: the check takes over.
        dialer.Scripts["up"] = Refuse;
        Until(LampState.Off, 6);
        checks.Tell(new StreamEnded(Id, stream));
    }

    [Fact]
    public void Failed_dial_of_a_stream_counts_at_once()
    {
        Watch();
        Until(LampState.On, 6);
        checks.Tell(new DialFailed(Id, new PlainUpstream("another", 2), Lamp.Now(time), "of the upstream that was"));
        checks.Tell(new DialFailed(Id, Upstream, Lamp.Now(time), "refused just now"));
        Assert.Equal("refused just now", Until(LampState.Off, 0.5).Reason);
    }

    [Fact]
    public void Connection_of_a_stream_proves_nothing_where_the_service_has_to_speak()
    {
        dialer.Scripts["up"] = Hang;
        Watch(UpstreamCheck.Default with { Kind = UpstreamCheckKind.Ssh });
        Until(LampState.Off, 6);
        var stream = new ScriptedOffer(Id);
        checks.Tell(new StreamBegan(Id, Upstream, Lamp.Now(time), stream));
        Assert.Equal(LampState.Off, Last().State);
        stream.BytesFromUpstream = 1;
        Until(LampState.On, 2);
    }

    [Fact]
    public void Changed_upstream_starts_from_nothing_and_a_stranger_ends_no_watch()
    {
        Watch();
        Until(LampState.On, 6);
        checks.Tell(new Unwatch(Id), CreateTestProbe());
        Assert.Equal(LampState.On, Last().State);
        dialer.Scripts["elsewhere"] = Refuse;
        checks.Tell(new Watch(Id, "name", new PlainUpstream("elsewhere", 2), UpstreamCheck.Default), owner);
        Assert.Equal(LampState.Unknown, Last().State);
        Until(LampState.Off, 6);
        checks.Tell(new Unwatch(Id), owner);
        checks.Tell(GetUpstreamLamps.Instance, TestActor);
        Assert.Empty(ExpectMsg<UpstreamLampsChanged>(Patience).Lamps);
    }

    [Fact]
    public void Crash_of_the_checks_forgets_no_socket()
    {
        Watch();
        Until(LampState.On, 6);
        checks.Tell(new Unwatch(Id), owner);
        dialer.Scripts.Clear();
        var parent = Sys.ActorOf(Props.Create(() => new Restarting(UpstreamCheckActor.Props(dialer, time, () => 0))));
        parent.Tell(new Watch(Id, "name", Upstream, UpstreamCheck.Default), owner);
        Until(LampState.On, 6, parent);
        parent.Tell("crash");
        dialer.Scripts["up"] = Refuse;
        Until(LampState.Off, 6, parent);
    }

    [Fact]
    public void Upstreams_that_hang_do_not_keep_others_from_being_proven()
    {
        dialer.Scripts["dead"] = Hang;
        for (var i = 0; i < 600; i++)
            checks.Tell(new Watch(new SocketId($"dead{i}"), "", new PlainUpstream("dead", 1), UpstreamCheck.Default), owner);
        Watch();
        Until(LampState.On, 40);
        for (var second = 0; second < 60; second++)
        {
            Pass(1);
            while (lamps.HasMessages)
                Assert.DoesNotContain(lamps.ExpectMsg<UpstreamLampsChanged>(Patience).Lamps, lamp => lamp.SocketId == Id && lamp.Lamp.State != LampState.On);
        }
    }

    [Fact]
    public void Crash_of_the_checks_leaves_one_check_of_each_socket()
    {
        dialer.Scripts["others"] = cancellation => HangOnAsync(cancellation);
        dialer.Scripts["up"] = Hang;
        var parent = Sys.ActorOf(Props.Create(() => new Restarting(UpstreamCheckActor.Props(dialer, time, () => 0))));
        for (var i = 0; i < UpstreamCheckActor.MostAtOnce; i++)
            parent.Tell(new Watch(new SocketId($"other{i}"), "", new PlainUpstream("others", 1), UpstreamCheck.Default), owner);
        Pass();
        parent.Tell(new Watch(Id, "name", Upstream, new UpstreamCheck(UpstreamCheckKind.Tcp, true, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), false)), owner);
        Pass();
        Assert.Equal(0, mostConcurrent);
        parent.Tell("crash");
        for (var step = 0; step < 40; step++)
            Pass();
        Assert.Equal(1, mostConcurrent);

        void Pass()
        {
            Advance(Step);
            Settle(parent);
        }

        static async Task<DialOutcome> HangOnAsync(CancellationToken cancellation)
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            throw new InvalidOperationException("never");
        }
    }

    [Fact]
    public async Task Connection_that_comes_after_the_deadline_of_its_check_is_closed()
    {
        var late = new TaskCompletionSource<DialOutcome>();
        dialer.Scripts["up"] = _ => late.Task;
        Watch();
        Until(LampState.Off, 6);
        checks.Tell(new Unwatch(Id), owner);
        var (near, far) = await LinkPair.ConnectAsync();
        using var upstream = far;
        late.SetResult(new DialOutcome.Connected(near, new IPEndPoint(IPAddress.Loopback, 1)));
        Assert.Equal(0, await ReadAsync(upstream).WaitAsync(Patience, TestContext.Current.CancellationToken));

        static async Task<int> ReadAsync(Socket socket)
        {
            try
            {
                return await socket.ReceiveAsync(new byte[1]);
            }
            catch (SocketException)
            {
                return 0;
            }
        }
    }

    private void Watch(UpstreamCheck? check = null) => checks.Tell(new Watch(Id, "name", Upstream, check ?? UpstreamCheck.Default), owner);

    private Lamp Last()
    {
        checks.Tell(GetUpstreamLamps.Instance, TestActor);
        return Assert.Single(ExpectMsg<UpstreamLampsChanged>(Patience).Lamps).Lamp;
    }

    /// <summary>Virtual time passes, at most so much of it, until the lamp is published so.</summary>
    private Lamp Until(LampState state, double seconds, IActorRef? by = null)
    {
        Lamp? found = null;
        Settle(by);
        for (var left = TimeSpan.FromSeconds(seconds); left > TimeSpan.Zero && found is null; left -= Step)
        {
            Advance(Step);
            Settle(by);
            found = Published(TimeSpan.FromMilliseconds(30), state);
        }

        return found ?? Published(Patience, state) ?? throw new TimeoutException($"the lamp did not turn {state} within {seconds} s");
    }

    private Lamp? Published(TimeSpan wait, LampState state)
    {
        while (lamps.ReceiveOne(wait) is UpstreamLampsChanged changed)
        {
            if (changed.Lamps.FirstOrDefault(lamp => lamp.SocketId == Id && lamp.Lamp.State == state) is { } found)
                return found.Lamp;
        }

        return null;
    }

    private void Pass(double seconds)
    {
        for (var left = TimeSpan.FromSeconds(seconds); left > TimeSpan.Zero; left -= Step)
        {
            Advance(Step);
            Settle();
        }
    }

    /// <summary>What a step sets off goes from the actor to the pool and back: who queues behind it at both, several times, sees that it had its turn.</summary>
    private void Settle(IActorRef? by = null)
    {
        for (var round = 0; round < 4; round++)
        {
            Task.WaitAll([.. Enumerable.Range(0, Environment.ProcessorCount).Select(static _ => Task.Factory.StartNew(
                static () => { }, CancellationToken.None, TaskCreationOptions.PreferFairness, TaskScheduler.Default))]);
            for (var i = 0; i < 3; i++)
            {
                (by ?? checks).Tell(GetUpstreamLamps.Instance, TestActor);
                ExpectMsg<UpstreamLampsChanged>(Patience);
            }
        }
    }

    private void Advance(TimeSpan by)
    {
        time.Advance(by);
        ((TestScheduler)Sys.Scheduler).Advance(by);
    }

    /// <summary>Deaf to its token as well; the check must end it.</summary>
    private async Task<DialOutcome> Hang(CancellationToken cancellation)
    {
        var now = Interlocked.Increment(ref concurrent);
        int most;
        while (now > (most = Volatile.Read(ref mostConcurrent)) && Interlocked.CompareExchange(ref mostConcurrent, now, most) != most)
        {
        }

        // Within the step that ends it, and not on a thread that may come late.
        _ = cancellation.Register(() => Interlocked.Decrement(ref concurrent));
        await Task.Delay(Timeout.Infinite, cancellation);
        throw new InvalidOperationException("never");
    }

    private static Task<DialOutcome> Refuse(CancellationToken cancellation) => Task.FromResult<DialOutcome>(new DialOutcome.Refused("up:1 refused the connection"));

    private sealed class Restarting : ReceiveActor
    {
        public Restarting(Props props)
        {
            var child = Context.ActorOf(props);
            Receive<string>(_ => child.Tell(Kill.Instance));
            ReceiveAny(message => child.Forward(message));
        }

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Restart);
    }
}
