using Akka.Actor;
using Connector.Actors.Sockets;
using Connector.Protocol.Sockets;
using Connector.Relay.Frames;
using Xunit;

namespace Connector.Tests.Actors.Sockets;

/// <summary>Limits that a socket's own configuration sets, as its actor keeps them.</summary>
[Trait("kind", Kinds.Actor)]
public sealed class SocketLimitEnforcementTests : SocketTestKit
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Stream_beyond_the_sockets_own_limit_is_refused_with_its_name_and_value()
    {
        Limit("up:1", new SocketLimitsConfiguration { MaxStreams = 1 });
        ApplyServing(1, Socket("a", name: "db"), Socket("b", "up:2"));
        await OpenAsync("a");

        Assert.Equal((RefusalCode.Busy, "limit max_streams = 1 of socket db is reached on this replica"), await SoonAsync(Offer("a").Refused));

        await OpenAsync("b");
        await OpenAsync("b");
    }

    [Fact]
    public async Task Opens_beyond_the_sockets_own_rate_are_refused_until_time_passes()
    {
        Limit("up:1", new SocketLimitsConfiguration { MaxOpensPerSecond = 1 });
        ApplyServing(1, Socket("a", name: "db"));
        await OpenAsync("a");

        Assert.Equal("limit max_opens_per_second = 1 of socket db is reached on this replica", (await SoonAsync(Offer("a").Refused)).Text);

        Advance(Second);
        await OpenAsync("a");
    }

    [Fact]
    public async Task Idle_stream_ends_with_the_code_and_the_record_says_which_limit()
    {
        Limit("up:1", new SocketLimitsConfiguration { IdleTimeoutSeconds = 10 });
        ApplyServing(1, Socket("a", name: "db"));
        var (idle, busy, waits) = (await OpenAsync("a"), await OpenAsync("a"), await OpenAsync("a"));
        waits.BytesWait = true;
        await StreamsLiveAsync("a", 3);

        await Steps(9, () => busy.BytesMoved++);
        Assert.False(idle.EndedBy.Task.IsCompleted);
        await Steps(3, () => busy.BytesMoved++);

        var (code, reason) = await SoonAsync(idle.EndedBy);
        Assert.Equal(ResetCode.IdleTimeout, code);
        Assert.StartsWith("limit idle_timeout_seconds = 10 of socket db is reached: no byte moved for 1", reason);
        await StreamsLiveAsync("a", 2);
        Assert.False(busy.EndedBy.Task.IsCompleted);
        Assert.False(waits.EndedBy.Task.IsCompleted);
    }

    [Fact]
    public async Task Old_stream_ends_at_the_maximum_age_though_it_is_busy()
    {
        Limit("up:1", new SocketLimitsConfiguration { MaxAgeSeconds = 5 });
        ApplyServing(1, Socket("a", name: "db"));
        var old = await OpenAsync("a");
        await StreamsLiveAsync("a", 1);

        await Steps(4, () => old.BytesMoved++);
        Assert.False(old.EndedBy.Task.IsCompleted);
        await Steps(2, () => old.BytesMoved++);

        Assert.Equal((ResetCode.MaximumAge, "limit max_age_seconds = 5 of socket db is reached"), await SoonAsync(old.EndedBy));
        await SoonAsync(old.Ended);
        await OpenAsync("a");
    }

    [Fact]
    public async Task Changed_limits_apply_in_place_and_end_only_what_is_beyond_them()
    {
        ApplyServing(1, Socket("a"));
        var incarnation = Incarnation("a");
        var early = await OpenAsync("a");
        await StreamsLiveAsync("a", 1);
        await Steps(60, () => { });
        var late = await OpenAsync("a");
        await StreamsLiveAsync("a", 2);

        Limit("up:1", new SocketLimitsConfiguration { MaxStreams = 1, MaxAgeSeconds = 30, MaxBytesPerSecond = 10 });
        Apply(2, Socket("a", name: "changed"));
        Assert.Contains("max_streams = 1 of socket changed", (await SoonAsync(Offer("a").Refused)).Text);
        await Steps(1, () => { });

        Assert.Equal(ResetCode.MaximumAge, (await SoonAsync(early.EndedBy)).Code);
        await StreamsLiveAsync("a", 1);
        Assert.False(late.EndedBy.Task.IsCompleted);

        // Taken back: it lives on, and nothing looks at it any more.
        Resolver.Configurations.Clear();
        Apply(3, Socket("a", name: "again"));
        Assert.Equal(2, (await OpenTwoAsync()).Length);
        await Steps(60, () => { });
        Assert.False(late.EndedBy.Task.IsCompleted);
        Assert.Equal(incarnation, Incarnation("a"));

        async Task<ScriptedOffer[]> OpenTwoAsync() => [await OpenAsync("a"), await OpenAsync("a")];
    }

    private void Limit(string config, SocketLimitsConfiguration limits) => Resolver.Configurations[config] = new SocketConfiguration { Limits = limits };

    /// <summary>Second by second, as time passes; each is over when the socket has dealt with its ticks.</summary>
    private async Task Steps(int seconds, Action each)
    {
        for (var second = 0; second < seconds; second++)
        {
            each();
            Advance(Second);

            // An offer to a socket that is not there is answered after all that came before it; then the socket's own mailbox.
            await SoonAsync(Offer("nobody").Refused);
            await StreamsKnownAsync();
        }
    }

    /// <summary>A question that each socket's actor answers behind its ticks.</summary>
    private async Task StreamsKnownAsync()
    {
        foreach (var child in ((ActorRefWithCell)Supervisor).Children.Where(child => child.Path.Name != "lost-offers"))
            await child.Ask<ActorIdentity>(new Identify(1), TimeSpan.FromSeconds(20));
    }

    private async Task StreamsLiveAsync(string id, int count)
        => await Eventually.IsTrueAsync(
            async () => (await Supervisor.Ask<SocketSupervisorProtocol.SocketStatuses>(SocketSupervisorProtocol.GetSocketStatuses.Instance, TimeSpan.FromSeconds(20)))
                .Sockets.Single(socket => socket.SocketId.Value == id).LiveStreams == count,
            $"socket {id} has {count} live streams",
            TestContext.Current.CancellationToken);
}
