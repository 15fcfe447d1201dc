using Connector.Actors.State;
using Connector.Protocol;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.State.Stored;
using CsCheck;
using Google.Protobuf;
using Xunit;
using Action = Connector.Protocol.Control.Wire.Action;
using HeldTicket = Connector.Protocol.State.Stored.HeldTicket;

namespace Connector.Tests.Actors.State;

[Trait("kind", Kinds.Pure)]
public sealed class HeldStateTests
{
    [Fact]
    public void Entries_and_a_snapshot_at_any_place_among_them_come_to_the_same_state()
        => Gen.Int[0, 7].Array[1, 30].SelectMany(steps => Gen.Int[0, steps.Length].Select(cut => (steps, cut))).Sample(of =>
        {
            var changes = of.steps.Select((step, i) => Change(step, i)).Prepend(new StateChange { Configuration = Pushes.Init(1, "a", "b") }).ToArray();
            var all = Restore(null, Entry(changes));

            var first = Restore(null, Entry(changes[..(of.cut + 1)]));
            var stored = StateSnapshot.Parser.ParseFrom(first.ToSnapshot().ToByteArray());
            var both = Restore(stored, Entry(changes[(of.cut + 1)..]));

            return all.Configuration!.SameAs(both.Configuration!) && Equals(all.Edges, both.Edges) && all.Ticket == both.Ticket;
        });

    [Fact]
    public void Entries_are_what_applying_the_pushes_came_to()
    {
        var pushed = DesiredState.Empty.Apply(Pushes.Init(1, "a", "b")).State;
        pushed = pushed.Apply(Pushes.Update(2, "c", "new", Action.Create)).State;
        pushed = pushed.Apply(Pushes.Update(3, "a", "", Action.Delete)).State;

        var held = Restore(null, Entry(
            new StateChange { Configuration = Pushes.Init(1, "a", "b") },
            new StateChange { Update = Pushes.Update(2, "c", "new", Action.Create) },
            new StateChange { Update = Pushes.Update(3, "a", "", Action.Delete) }));

        Assert.True(pushed.SameAs(held.Configuration!));
        Assert.Equal(["b", "c"], held.Configuration!.Sockets.Keys);
    }

    [Fact]
    public void Change_without_the_whole_before_it_is_refused()
    {
        Assert.False(HeldState.TryRestore(null, [Entry(new StateChange { Update = Pushes.Update(2, "a") })], out _, out var reason));
        Assert.Contains("a configuration that it does not have", reason, StringComparison.Ordinal);

        // A snapshot with edges alone is no configuration.
        Assert.False(HeldState.TryRestore(
            new StateSnapshot { Edges = Pushes.Edges("e") }, [Entry(new StateChange { Update = Pushes.Update(2, "a") })], out _, out _));
    }

    [Fact]
    public void Entries_of_another_kind_are_refused()
    {
        Assert.False(HeldState.TryRestore(null, [new LogChanges()], out _, out var entry));
        Assert.Contains("LogChanges", entry, StringComparison.Ordinal);
        Assert.False(HeldState.TryRestore(new LogSnapshot(), [], out _, out var snapshot));
        Assert.Contains("LogSnapshot", snapshot, StringComparison.Ordinal);
    }

    [Fact]
    public void Change_of_a_newer_version_is_left_out()
    {
        // Field 99 of StateChange, of length 0.
        var newer = StateChange.Parser.ParseFrom([0x9A, 0x06, 0x00]);
        var held = Restore(null, Entry(new StateChange { Configuration = Pushes.Init(1, "a") }, newer));
        Assert.Equal(["a"], held.Configuration!.Sockets.Keys);
    }

    [Fact]
    public void Control_plane_without_numbers_is_held_as_one()
    {
        var held = Restore(null, Entry(new StateChange { Configuration = new Init() }));
        var again = Restore(held.ToSnapshot());
        Assert.NotNull(again.Configuration);
        Assert.Equal(held.Configuration!.Version, again.Configuration.Version);
    }

    [Fact]
    public void What_was_pushed_since_wins_part_by_part()
    {
        var older = new HeldState(DesiredState.Empty.Apply(Pushes.Init(1, "old")).State, Pushes.Edges("old"), new Secret("old"));
        var pushed = HeldState.Nothing with { Edges = Pushes.Edges("new") };

        var both = pushed.Or(older);

        Assert.Equal(["old"], both.Configuration!.Sockets.Keys);
        Assert.Equal("new", both.Edges!.Edges_.Single().EdgeId);
        Assert.Equal("old", both.Ticket!.Reveal());
    }

    [Fact]
    public void Nothing_that_is_stored_prints_a_secret()
    {
        const string secret = "hunter2";
        var init = Pushes.Init(1);
        init.Sockets.Add(Pushes.Update(1, "a", secret).SocketConfig);
        var held = Restore(null, Entry(new StateChange { Configuration = init }, new StateChange { Ticket = new HeldTicket { Value = secret } }));
        var snapshot = held.ToSnapshot();

        object[] printed =
        [
            held.Ticket!, snapshot, snapshot.Ticket, snapshot.Configuration, snapshot.Configuration.Sockets[0],
            new StateChange { Ticket = snapshot.Ticket }, new StateChange { Configuration = init }, Entry(new StateChange { Ticket = snapshot.Ticket }),
            new DesiredStateProtocol.HoldTicket(new Secret(secret)), new JournalProtocol.Append(Entry(new StateChange { Ticket = snapshot.Ticket })),
            new JournalProtocol.Replace(snapshot),
        ];

        Assert.All(printed, value => Assert.DoesNotContain(secret, value.ToString()!, StringComparison.Ordinal));
    }

    private static StateChange Change(int step, int i) => step switch
    {
        0 => new StateChange { Configuration = Pushes.Init(i + 2, "a", $"s{i}") },
        1 => new StateChange { Edges = Pushes.Edges($"e{i}") },
        2 => new StateChange { Ticket = new HeldTicket { Value = $"t{i}" } },
        3 => new StateChange { Update = Pushes.Update(i + 2, "a", "", Action.Delete) },
        _ => new StateChange { Update = Pushes.Update(i + 2, $"s{step}", $"{i}") },
    };

    private static StateChanges Entry(params IEnumerable<StateChange> changes) => new() { Changes = { changes } };

    private static HeldState Restore(StateSnapshot? snapshot, params IEnumerable<StateChanges> entries)
    {
        Assert.True(HeldState.TryRestore(snapshot, entries, out var held, out var reason), reason);
        return held!;
    }
}
