using Akka.Actor;
using Connector.Actors.Reach;
using Connector.Actors.Sockets;
using Connector.Relay.Frames;
using Connector.Relay.Streams;
using Xunit;

namespace Connector.Tests.Actors.Sockets;

[Trait("kind", Kinds.Actor)]
public sealed class SocketSupervisorTests : SocketTestKit
{
    [Fact]
    public async Task Difference_is_applied_without_recreation()
    {
        ApplyServing(1, Socket("a"), Socket("b"));
        var (a, b) = (Incarnation("a"), Incarnation("b"));
        var running = await OpenAsync("a");

        Apply(2, Socket("a", name: "renamed"), Socket("b"), Socket("c"));
        ExpectServing(2, "a", "c");

        // b did not change, so nothing was said of it; c did not disturb a or b.
        Assert.Equal(a, Incarnation("a"));
        Assert.Equal(b, Incarnation("b"));
        Assert.NotNull(Incarnation("c"));
        Assert.False(running.Ended.Task.IsCompleted);
        var statuses = await Supervisor.Ask<SocketSupervisorProtocol.SocketStatuses>(SocketSupervisorProtocol.GetSocketStatuses.Instance, TimeSpan.FromSeconds(20));
        Assert.Equal(["a:renamed:2:1", "b:name-b:1:0", "c:name-c:2:0"], statuses.Sockets.Select(s => $"{s.SocketId}:{s.Name}:{s.ConfigVersion}:{s.LiveStreams}").Order());
    }

    [Fact]
    public void Same_state_again_says_nothing()
    {
        ApplyServing(1, Socket("a"));

        Apply(2, Socket("a"));
        Apply(3, Socket("a"), Socket("z"));

        Assert.Equal("z", Status.ExpectMsg<SocketSupervisorProtocol.SocketStatusChanged>().SocketId.Value);
    }

    [Fact]
    public async Task Changed_upstream_is_dialled_for_new_streams_only()
    {
        ApplyServing(1, Socket("a", "old:1"));
        var incarnation = Incarnation("a");
        var first = await OpenAsync("a");

        ApplyServing(2, Socket("a", "new:2"));
        var second = await OpenAsync("a");

        Assert.Equal([new PlainUpstream("old", 1), new PlainUpstream("new", 2)], Dialer.Dialled);
        Assert.Equal(incarnation, Incarnation("a"));
        Assert.False(first.Ended.Task.IsCompleted);
        Assert.False(second.Ended.Task.IsCompleted);
    }

    [Fact]
    public async Task Deleted_socket_ends_exactly_its_streams()
    {
        ApplyServing(1, Socket("a"), Socket("b"));
        var b = Incarnation("b");
        ScriptedOffer[] ofA = [await OpenAsync("a"), await OpenAsync("a")];
        var ofB = await OpenAsync("b");

        Apply(2, Socket("b"));

        ExpectState("a", SocketStates.Gone);
        foreach (var offer in ofA)
            Assert.Equal(StreamEnd.Stopped, (await SoonAsync(offer.Ended)).End);
        Assert.Equal(RefusalCode.NoSocket, (await SoonAsync(Offer("a").Refused)).Code);
        Assert.False(ofB.Ended.Task.IsCompleted);
        Assert.Equal(b, Incarnation("b"));
        await OpenAsync("b");
    }

    [Fact]
    public async Task Deleted_and_wanted_again_serves_again()
    {
        ApplyServing(1, Socket("a"));

        Apply(2);
        ApplyServing(3, Socket("a"));

        await OpenAsync("a");
    }

    [Fact]
    public async Task Unknown_socket_is_refused()
    {
        ApplyServing(1, Socket("a"));

        var (code, text) = await SoonAsync(Offer("other").Refused);

        Assert.Equal(RefusalCode.NoSocket, code);
        Assert.Contains("other", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unsupported_socket_is_announced_and_others_serve()
    {
        Apply(1, Socket("a", "unsupported"), Socket("b"));

        var status = ExpectState("a", SocketStates.Unsupported);

        Assert.Equal("no such type here", status.Reason);
        await OpenAsync("b");
        Assert.Equal(RefusalCode.NoSocket, (await SoonAsync(Offer("a").Refused)).Code);
    }

    [Fact]
    public async Task Crashed_socket_starts_again_with_its_present_definition()
    {
        ApplyServing(1, Socket("a", "old:1"), Socket("b"));
        Apply(2, Socket("a", "new:2"), Socket("b"));
        ExpectServing(2, "a");
        var (a, b) = (Incarnation("a"), Incarnation("b"));
        var ofB = await OpenAsync("b");

        Dialer.Scripts["new"] = _ => throw new InvalidOperationException("boom");
        var lost = Offer("a");
        Assert.Contains("boom", ExpectState("a", SocketStates.Starting).Reason, StringComparison.Ordinal);
        ExpectState("a", SocketStates.Serving);
        Dialer.Scripts.Clear();

        await OpenAsync("a");
        Assert.Equal(RefusalCode.Busy, (await SoonAsync(lost.Refused)).Code);
        Assert.Equal("new", Dialer.Dialled.Last().Host);
        Assert.NotEqual(a, Incarnation("a"));
        Assert.Equal(b, Incarnation("b"));
        Assert.False(ofB.Ended.Task.IsCompleted);
    }

    [Fact]
    public async Task Duplicate_ids_make_one_socket()
    {
        Apply(1, Socket("a", "first:1"), Socket("a", "last:2"));
        ExpectState("a", SocketStates.Serving);

        await OpenAsync("a");

        Assert.Equal("last", Assert.Single(Dialer.Dialled).Host);
    }
}
