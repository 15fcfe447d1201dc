using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Connector.Actors.Reach;
using Connector.Actors.Sockets;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.ProxyProtocol;
using Connector.Relay.Streams;
using Connector.Tests.Relay;
using Xunit;

namespace Connector.Tests.Actors.Sockets;

[Trait("kind", Kinds.Actor)]
public sealed class SocketActorTests : SocketTestKit
{
    protected override SocketSettings Settings => SocketSettings.Default with
    {
        MaxRestarts = 3,
        Limits = new SocketLimits(MaxStreams: 3, MaxPendingDials: 2, OpensPerSecond: 20),
    };

    [Fact]
    public async Task Offer_is_accepted_before_the_dial_ends()
    {
        ApplyServing(1, Socket("a"));
        var dialling = Hang("up");

        var offer = Offer("a");

        Assert.True(await SoonAsync(offer.Accepted));
        Assert.False(offer.Running.Task.IsCompleted);
        dialling.SetResult(new DialOutcome.Connected(NewSocket(), new IPEndPoint(IPAddress.Loopback, 1)));
        await SoonAsync(offer.Running);
    }

    [Fact]
    public async Task Upstream_that_is_to_know_its_client_is_told_before_the_stream_runs()
    {
        var (near, far) = await LinkPair.ConnectAsync();
        using var upstream = far;
        Dialer.Scripts["up"] = _ => Connected(near);
        ApplyServing(1, Socket("a", "up:1:v2"));

        var offer = await OpenAsync("a");

        var header = await ProxyHeaderReader.ReadAsync(upstream, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(new ProxyHeader(false, offer.ClientAddress, new IPEndPoint(IPAddress.Loopback, 1)), header);
    }

    [Fact]
    public async Task Upstream_that_does_not_ask_for_its_client_gets_no_byte_before_the_stream()
    {
        var (near, far) = await LinkPair.ConnectAsync();
        using var upstream = far;
        Dialer.Scripts["up"] = _ => Connected(near);
        ApplyServing(1, Socket("a", "up:1"));

        await OpenAsync("a");

        Assert.Equal(0, upstream.Available);
    }

    [Fact]
    public async Task Budget_spent_fails_the_socket_and_the_next_configuration_revives_it()
    {
        ApplyServing(1, Socket("a"));
        Dialer.Scripts["up"] = _ => throw new InvalidOperationException("boom");

        var failed = CrashUntilFailed("a");

        Assert.Contains("boom", failed.Reason, StringComparison.Ordinal);
        Assert.Null(Incarnation("a"));
        Assert.Equal(RefusalCode.NoSocket, (await SoonAsync(Offer("a").Refused)).Code);

        Dialer.Scripts.Clear();
        ApplyServing(2, Socket("a", name: "changed"));
        await OpenAsync("a");
    }

    [Fact]
    public async Task Budget_spent_is_tried_again_later_by_itself()
    {
        ApplyServing(1, Socket("a"));
        Dialer.Scripts["up"] = _ => throw new InvalidOperationException("boom");
        CrashUntilFailed("a");
        Dialer.Scripts.Clear();

        Advance(Settings.FirstRetry);

        ExpectState("a", SocketStates.Serving);
        await OpenAsync("a");
    }

    [Fact]
    public async Task Poison_configuration_fails_new_streams_and_keeps_running_ones()
    {
        ApplyServing(1, Socket("a"));
        var incarnation = Incarnation("a");
        var running = await OpenAsync("a");

        Apply(2, Socket("a", "poison"));

        Assert.Contains("poison", ExpectState("a", SocketStates.Failed).Reason, StringComparison.Ordinal);
        Assert.Equal(RefusalCode.NoSocket, (await SoonAsync(Offer("a").Refused)).Code);
        Assert.False(running.Ended.Task.IsCompleted);

        ApplyServing(3, Socket("a", "fine:2"));
        await OpenAsync("a");
        Assert.Equal(incarnation, Incarnation("a"));
        Assert.False(running.Ended.Task.IsCompleted);
    }

    [Fact]
    public void Configuration_that_becomes_readable_is_found_by_the_timed_retry()
    {
        Apply(1, Socket("a", "later"));
        ExpectState("a", SocketStates.Failed);
        Resolver.Later = "up:1";

        Advance(Settings.FirstRetry);

        ExpectState("a", SocketStates.Serving);
    }

    [Theory]
    [InlineData("refused", RefusalCode.UpstreamRefused)]
    [InlineData("timedout", RefusalCode.UpstreamTimeout)]
    [InlineData("unreachable", RefusalCode.Unreachable)]
    [InlineData("forbidden", RefusalCode.Forbidden)]
    public async Task Failed_dial_is_refused_with_its_reason(string kind, RefusalCode expected)
    {
        Dialer.Scripts["up"] = _ => Task.FromResult<DialOutcome>(kind switch
        {
            "refused" => new DialOutcome.Refused("said no"),
            "timedout" => new DialOutcome.TimedOut("said no"),
            "unreachable" => new DialOutcome.Unreachable("said no"),
            _ => new DialOutcome.Forbidden("rule", "said no"),
        });
        ApplyServing(1, Socket("a"));
        var incarnation = Incarnation("a");

        Assert.Equal((expected, "said no"), await SoonAsync(Offer("a").Refused));

        Assert.Equal(incarnation, Incarnation("a"));
    }

    [Fact]
    public async Task Faulted_dial_is_refused_without_a_crash()
    {
        Dialer.Scripts["up"] = _ => Task.FromException<DialOutcome>(new InvalidOperationException("later boom"));
        ApplyServing(1, Socket("a"));
        var incarnation = Incarnation("a");

        Assert.Equal(RefusalCode.Unreachable, (await SoonAsync(Offer("a").Refused)).Code);

        Assert.Equal(incarnation, Incarnation("a"));
    }

    [Fact]
    public async Task Hanging_dial_is_given_up_and_its_late_connection_closed()
    {
        var dialling = Hang("up");
        ApplyServing(1, Socket("a"));
        var offer = Offer("a");
        await SoonAsync(offer.Accepted);

        // The watch over the dial begins after ACCEPTED.
        await AwaitAssertAsync(() =>
        {
            Advance(Settings.DialDeadline);
            Assert.True(offer.Refused.Task.IsCompleted);
        });

        Assert.Equal(RefusalCode.UpstreamTimeout, (await offer.Refused.Task).Code);
        var late = NewSocket();
        dialling.SetResult(new DialOutcome.Connected(late, new IPEndPoint(IPAddress.Loopback, 1)));
        await AwaitAssertAsync(() => Assert.True(late.SafeHandle.IsClosed));
        Assert.False(offer.Running.Task.IsCompleted);
    }

    [Fact]
    public async Task Abandoned_offer_stops_its_dial()
    {
        var token = new TaskCompletionSource<CancellationToken>(TaskCreationOptions.RunContinuationsAsynchronously);
        Dialer.Scripts["up"] = cancelled =>
        {
            token.TrySetResult(cancelled);
            return new TaskCompletionSource<DialOutcome>().Task;
        };
        ApplyServing(1, Socket("a"));
        ScriptedOffer[] offers = [Offer("a"), Offer("a")];
        var first = await SoonAsync(token);

        offers[0].Abandon();
        offers[1].Abandon();

        // Its place is free again: two dials may be pending.
        await AwaitAssertAsync(() => Assert.True(first.IsCancellationRequested));
        await SoonAsync(offers[0].Refused);
        await SoonAsync(offers[1].Refused);
        Dialer.Scripts.Clear();
        await OpenAsync("a");
    }

    [Fact]
    public async Task Stopped_socket_refuses_what_is_pending_and_closes_what_arrives_late()
    {
        var dialling = Hang("up");
        ApplyServing(1, Socket("a"));
        var offer = Offer("a");
        await SoonAsync(offer.Accepted);

        Apply(2);

        Assert.Equal(RefusalCode.Busy, (await SoonAsync(offer.Refused)).Code);
        var late = NewSocket();
        dialling.SetResult(new DialOutcome.Connected(late, new IPEndPoint(IPAddress.Loopback, 1)));
        await AwaitAssertAsync(() => Assert.True(late.SafeHandle.IsClosed));
    }

    [Fact]
    public async Task Offer_that_reaches_a_stopped_actor_is_refused()
    {
        ApplyServing(1, Socket("a"));
        var actor = ((ActorRefWithCell)Supervisor).Children.Single(c => c.Path.Name.StartsWith("a.", StringComparison.Ordinal));
        Apply(2);
        Watch(actor);
        await ExpectTerminatedAsync(actor);
        var offer = new ScriptedOffer(new SocketId("a"));

        actor.Tell(new SocketProtocol.Open(offer));

        Assert.Equal(RefusalCode.Busy, (await SoonAsync(offer.Refused)).Code);
    }

    [Fact]
    public async Task Limits_of_streams_and_dials_are_kept()
    {
        ApplyServing(1, Socket("a"));
        var first = await OpenAsync("a");
        Hang("up");
        ScriptedOffer[] dialling = [Offer("a"), Offer("a")];
        await SoonAsync(dialling[1].Accepted);

        Assert.Equal(RefusalCode.Busy, (await SoonAsync(Offer("a").Refused)).Code);

        // A stream's end gives its place back, but the pending dials are at their own limit.
        first.Finish();
        await AwaitAssertAsync(async () => Assert.Contains("dials pending", (await SoonAsync(Offer("a").Refused)).Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Live_streams_are_counted()
    {
        ApplyServing(1, Socket("a"));
        var first = await OpenAsync("a");
        await OpenAsync("a");
        await AwaitAssertAsync(async () => Assert.Equal(2, await LiveAsync()));

        first.Finish();

        await AwaitAssertAsync(async () => Assert.Equal(1, await LiveAsync()));
        Assert.Equal(StreamEnd.Completed, (await SoonAsync(first.Ended)).End);
    }

    private async Task<int> LiveAsync()
        => (await Supervisor.Ask<SocketSupervisorProtocol.SocketStatuses>(SocketSupervisorProtocol.GetSocketStatuses.Instance, TimeSpan.FromSeconds(20)))
            .Sockets.Single().LiveStreams;

    private TaskCompletionSource<DialOutcome> Hang(string host)
    {
        var dial = new TaskCompletionSource<DialOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        Dialer.Scripts[host] = _ => dial.Task;
        return dial;
    }

    private SocketSupervisorProtocol.SocketStatusChanged CrashUntilFailed(string id)
    {
        for (var crash = 0; crash < Settings.MaxRestarts; crash++)
        {
            Offer(id);
            ExpectState(id, SocketStates.Starting);
            ExpectState(id, SocketStates.Serving);
        }

        Offer(id);
        return ExpectState(id, SocketStates.Failed);
    }
}
