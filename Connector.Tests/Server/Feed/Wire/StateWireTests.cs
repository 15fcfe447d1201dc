using System.Net;
using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Server.Feed;
using Connector.Server.Feed.Wire;
using Connector.Tests.Server.Edge;
using CsCheck;
using Google.Protobuf;

namespace Connector.Tests.Server.Feed.Wire;

[Trait("kind", Kinds.Pure)]
public sealed class StateWireTests
{
    [Fact]
    public void Ten_thousand_sockets_travel_in_bounded_parts_and_one_change_in_one_small_one()
    {
        var state = State(1, [.. Enumerable.Range(0, 10_000).Select(i => Socket($"{i:0000}"))]);
        var parts = StateParts.Whole(state).ToList();
        Assert.InRange(parts.Count, 3, 50);
        Assert.All(parts, part => Assert.InRange(part.CalculateSize(), 1, FeedBounds.PartSize + 4096));
        Assert.True(parts[^1].Last);
        Assert.DoesNotContain(parts[..^1], part => part.Last);

        var assembler = new StateAssembler();
        AssertSame(state, Assemble(assembler, parts));

        var next = state with { Version = Version(2), Sockets = state.Sockets.SetItem(5_000, state.Sockets[5_000] with { Port = 1 }).RemoveAt(7) };
        var change = Assert.Single(StateParts.Changes(state, next));
        Assert.InRange(change.CalculateSize(), 1, 1024);
        Assert.Equal((1, 1), (change.Sockets.Count, change.RemovedSockets.Count));
        AssertSame(next, assembler.Add(change)!);
    }

    [Fact]
    public void Any_row_of_states_arrives_as_it_was_sent()
    {
        var socket = Gen.Select(
            Gen.Int[0, 12], Gen.Int[0, 3], Gen.Int[0, 3], Gen.Bool,
            (id, connectors, networks, flag) => new EdgeSocket(
                new SocketId($"s{id:00}"), $"name-{networks}", "tls", [.. Enumerable.Range(0, connectors).Select(i => new ConnectorId($"c{i}"))], 20_000 + id, flag,
                [.. Enumerable.Range(0, networks).Select(i => IPNetwork.Parse($"10.{i}.0.0/16"))])
            {
                Hedge = !flag,
                ProxyProtocolFrom = flag ? [IPNetwork.Parse("::1/128")] : [],
            });
        var state = Gen.Select(
            socket.Array[0, 10], Gen.Int[0, 9].Array[0, 6], Gen.Int[0, 5].Array[0, 4], Gen.Int[1, 3],
            (sockets, tickets, connectors, keys) => new EdgeState(
                Version(0), [.. sockets.DistinctBy(one => one.Id).OrderBy(one => one.Id.Value, StringComparer.Ordinal)],
                [.. Enumerable.Range(0, keys).Select(i => new VerificationKey($"k{i}", [1, 2, (byte)i]))],
                [.. tickets.Select(ticket => $"t{ticket}")], [.. connectors.Select(connector => new ConnectorId($"c{connector}"))]));
        state.Array[1, 6].Sample(row =>
        {
            var assembler = new StateAssembler();
            EdgeState? told = null;
            for (var i = 0; i < row.Length; i++)
            {
                var now = row[i] with { Version = Version(i + 1) };
                AssertSame(now, Assemble(assembler, told is null ? StateParts.Whole(now) : StateParts.Changes(told, now)));
                AssertSame(now, new StateAssembler().Add(StateParts.One(now))!);
                told = now;
            }
        });
    }

    [Fact]
    public void Changes_that_do_not_begin_where_this_end_is_are_refused()
    {
        var (one, two, three) = (State(1, []), State(2, [Socket("a")]), State(3, []));
        Assert.Throws<FeedProtocolException>(() => Assemble(new StateAssembler(), StateParts.Changes(one, two)));
        var assembler = new StateAssembler();
        Assemble(assembler, StateParts.Whole(one));
        Assert.Contains("inc/2", Assert.Throws<FeedProtocolException>(() => Assemble(assembler, StateParts.Changes(two, three))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Part_of_another_state_in_between_is_refused()
    {
        var assembler = new StateAssembler();
        Assert.Null(assembler.Add(new StatePart { Version = StateParts.Of(Version(1)) }));
        Assert.Throws<FeedProtocolException>(() => assembler.Add(new StatePart { Version = StateParts.Of(Version(2)), Last = true }));
    }

    [Theory]
    [InlineData("10.0.0.0/33")]
    [InlineData("nonsense")]
    [InlineData("")]
    public void Network_that_cannot_be_read_is_refused_and_not_left_out(string text)
    {
        var part = StateParts.One(State(1, [Socket("a")]));
        part.Sockets[0].AllowedIps[0] = text;
        Assert.Contains("socket a", Assert.Throws<FeedProtocolException>(() => new StateAssembler().Add(part)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void State_beyond_the_bound_is_refused_and_changes_back_and_forth_do_not_add_up()
    {
        var assembler = new StateAssembler();
        var filler = new string('x', 200_000);
        var part = new StatePart { Version = StateParts.Of(Version(1)) };
        part.Sockets.Add(StateParts.Of(Socket("a") with { Name = filler }));
        for (var i = 0; i < 1_000; i++)
        {
            // The same one again and again is held once.
            Assert.Null(assembler.Add(part.Clone()));
        }

        var refused = Assert.Throws<FeedProtocolException>(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                var more = part.Clone();
                more.Sockets[0].Id = $"s{i}";
                assembler.Add(more);
            }
        });
        Assert.Contains("larger than", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_of_strangers_do_nothing_but_throw_what_is_expected()
    {
        var good = StateParts.One(State(1, [Socket("a"), Socket("b")])).ToByteArray();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte).Array[1, 8].Sample(changes =>
        {
            var bytes = good.ToArray();
            foreach (var (at, value) in changes)
            {
                bytes[at] = value;
            }

            try
            {
                new StateAssembler().Add(StatePart.Parser.ParseFrom(bytes));
            }
            catch (Exception e) when (e is InvalidProtocolBufferException or FeedProtocolException)
            {
            }
        });
    }

    internal static void AssertSame(EdgeState expected, EdgeState actual)
    {
        Assert.Equal(expected.Version, actual.Version);
        Assert.Equal(expected.Sockets, actual.Sockets);
        Assert.Equal(
            expected.TicketKeys.Select(key => (key.KeyId, Convert.ToHexString(key.SubjectPublicKeyInfo.AsSpan()))),
            actual.TicketKeys.Select(key => (key.KeyId, Convert.ToHexString(key.SubjectPublicKeyInfo.AsSpan()))));
        Assert.Equal(expected.RevokedTickets.Order(), actual.RevokedTickets.Order());
        Assert.Equal(expected.Connectors.Select(connector => connector.Value).Order(), actual.Connectors.Select(connector => connector.Value).Order());
    }

    private static EdgeState Assemble(StateAssembler assembler, IEnumerable<StatePart> parts)
    {
        EdgeState? state = null;
        foreach (var part in parts)
        {
            Assert.Null(state);
            state = assembler.Add(StatePart.Parser.ParseFrom(part.ToByteArray()));
        }

        return Assert.IsType<EdgeState>(state);
    }

    private static EdgeSocket Socket(string id) => EdgeSamples.Socket(id, 20_000, connectors: [new("11111111-1111-1111-1111-111111111111")]);

    private static DesiredStateVersion Version(long number) => new("inc", number);

    private static EdgeState State(long version, EdgeSocket[] sockets) => EdgeSamples.State(version, sockets) with { Version = Version(version) };
}
