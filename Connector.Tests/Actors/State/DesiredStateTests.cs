using Connector.Actors.State;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Protocol.Json;
using CsCheck;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using Action = Connector.Protocol.Control.Wire.Action;

namespace Connector.Tests.Actors.State;

[Trait("kind", Kinds.Pure)]
public sealed class DesiredStateTests
{
    [Fact]
    public void Init_replaces_the_whole()
    {
        var first = DesiredState.Empty.Apply(Init(1, Socket("a"), Socket("b"))).State;
        var second = first.Apply(Init(2, Socket("b"), Socket("c"))).State;
        Assert.Equal(["b", "c"], second.Sockets.Keys);
        Assert.Equal(new DesiredStateVersion("i", 2), second.Version);
        Assert.Equal(["a", "b"], first.Sockets.Keys);
    }

    [Fact]
    public void Update_changes_one_and_leaves_the_others_the_same()
    {
        var before = DesiredState.Empty.Apply(Init(1, Socket("a"), Socket("b"))).State;
        var after = before.Apply(Update(2, Action.Update, Socket("b", port: 2))).State;
        Assert.Same(before.Sockets["a"], after.Sockets["a"]);
        Assert.Equal("""{"port":2}""", after.Sockets["b"].ConfigJson);
        Assert.Equal(2, after.Version.Number);
    }

    [Fact]
    public void Create_of_a_known_one_updates_and_delete_of_an_unknown_one_does_nothing()
    {
        var state = DesiredState.Empty.Apply(Init(1, Socket("a"))).State;
        state = state.Apply(Update(2, Action.Create, Socket("a", port: 9))).State;
        Assert.Equal("""{"port":9}""", state.Sockets["a"].ConfigJson);
        var change = state.Apply(Update(3, Action.Delete, Socket("zzz")));
        Assert.Empty(change.Rejected);
        Assert.Equal(["a"], change.State.Sockets.Keys);
        Assert.Empty(change.State.Apply(Update(4, Action.Delete, Socket("A"))).State.Sockets);
    }

    [Fact]
    public void Equal_configuration_is_equal_text_whatever_the_order_of_its_keys()
    {
        var one = new Struct { Fields = { ["b"] = Value.ForNumber(22), ["a"] = Value.ForList(Value.ForNumber(0.5), Value.ForNull()) } };
        var two = new Struct { Fields = { ["a"] = Value.ForList(Value.ForNumber(0.5), Value.ForNull()), ["b"] = Value.ForNumber(22) } };
        Assert.Equal("""{"a":[0.5,null],"b":22}""", CanonicalJson.Write(one));
        Assert.Equal(CanonicalJson.Write(one), CanonicalJson.Write(two));
    }

    [Fact]
    public void Canonical_json_whole_numbers_have_no_fraction()
        => Gen.Long[-9007199254740992, 9007199254740992].Sample(n =>
            CanonicalJson.Write(new Struct { Fields = { ["n"] = Value.ForNumber(n) } }) == $$"""{"n":{{n}}}""");

    [Fact]
    public void Canonical_json_is_json_for_any_text()
        => Gen.String.Where(s => !s.Any(char.IsSurrogate)).Sample(s =>
        {
            var written = CanonicalJson.Write(new Struct { Fields = { ["s"] = Value.ForString(s) } });
            return System.Text.Json.JsonDocument.Parse(written).RootElement.GetProperty("s").GetString() == s;
        });

    [Theory]
    [MemberData(nameof(Poison))]
    public void Poison_is_left_out_and_the_others_are_unaffected(SocketConfig poison, string reason)
    {
        var change = DesiredState.Empty.Apply(Init(1, Socket("a"), poison, Socket("b")));
        Assert.Equal(["a", "b"], change.State.Sockets.Keys);
        Assert.Contains(reason, Assert.Single(change.Rejected).Reason, StringComparison.Ordinal);

        var update = change.State.Apply(Update(2, Action.Create, poison));
        Assert.Equal(["a", "b"], update.State.Sockets.Keys);
        Assert.Equal(2, update.State.Version.Number);
        Assert.Contains(reason, Assert.Single(update.Rejected).Reason, StringComparison.Ordinal);
    }

    public static TheoryData<SocketConfig, string> Poison() => new()
    {
        { new SocketConfig { Id = "x", Name = "x", Type = "tls" }, "not an object" },
        { Socket(""), "id is missing" },
        { Socket(new string('x', 129)), "id is missing or longer" },
        { new SocketConfig { Id = "x", Name = new string('n', 257), Type = "tls", Config = new Struct() }, "name is longer" },
        { With("x", Value.ForString(new string('y', DesiredStateReader.LargestConfig))), "larger than 256 KiB" },
        { With("x", Value.ForNumber(double.NaN)), "cannot be written as JSON" },
        { With("x", Value.ForString(new string('\u0001', DesiredStateReader.LargestConfig / 2))), "larger than 256 KiB" },
    };

    [Fact]
    public void Poison_for_a_known_socket_keeps_its_previous_definition()
    {
        var state = DesiredState.Empty.Apply(Init(1, Socket("a", port: 1))).State;
        var poison = new SocketConfig { Id = "a", Name = "a", Type = "tls" };
        foreach (var change in new[] { state.Apply(Update(2, Action.Update, poison)), state.Apply(Init(2, poison)) })
        {
            Assert.True(Assert.Single(change.Rejected).KeptPrevious);
            Assert.Equal("""{"port":1}""", change.State.Sockets["a"].ConfigJson);
        }
    }

    [Fact]
    public void More_sockets_than_the_bound_are_left_out_with_one_rejection()
    {
        var sockets = Enumerable.Range(0, DesiredState.MostSockets + 7).Select(i => Socket($"s{i:00000}")).ToArray();
        var change = DesiredState.Empty.Apply(Init(1, sockets));
        Assert.Equal(DesiredState.MostSockets, change.State.Sockets.Count);
        Assert.Contains("7 more", Assert.Single(change.Rejected).Reason, StringComparison.Ordinal);
        Assert.Single(change.State.Apply(Update(2, Action.Create, Socket("zz"))).Rejected);
        Assert.Empty(change.State.Apply(Update(2, Action.Update, Socket("s00000", port: 5))).Rejected);
    }

    [Fact]
    public void Duplicate_id_uses_the_first()
    {
        var change = DesiredState.Empty.Apply(Init(1, Socket("a", port: 1), Socket("A", port: 2)));
        Assert.Equal("""{"port":1}""", change.State.Sockets["a"].ConfigJson);
        Assert.Contains("twice", Assert.Single(change.Rejected).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_action_and_empty_update_change_nothing_but_the_version()
    {
        var state = DesiredState.Empty.Apply(Init(1, Socket("a"))).State;
        foreach (var update in new[] { Update(2, Action.Other, Socket("a", 7)), new UpdateConfig { ConfigVersion = new ConfigVersion { Incarnation = "i", Number = 2 } } })
        {
            var change = state.Apply(update);
            Assert.Single(change.Rejected);
            Assert.Equal(state.Sockets["a"], change.State.Sockets["a"]);
            Assert.Equal(2, change.State.Version.Number);
        }
    }

    [Fact]
    public void Plugins_are_kept()
    {
        var init = Init(1);
        init.Plugins.Add(new PluginConfig { Id = "p", Name = "n", Type = "docker", Config = new Struct() });
        var plugin = Assert.Single(DesiredState.Empty.Apply(init).State.Plugins.Values);
        Assert.Equal(new PluginDefinition(new PluginId("p"), "n", "docker", "{}"), plugin);
    }

    private static SocketConfig Socket(string id, int port = 1) => With(id, Value.ForNumber(port));

    private static SocketConfig With(string id, Value port)
        => new() { Id = id, Name = "name", Type = "tls", Config = new Struct { Fields = { ["port"] = port } } };

    private static Init Init(long version, params SocketConfig[] sockets)
    {
        var init = new Init { ConfigVersion = new ConfigVersion { Incarnation = "i", Number = version } };
        init.Sockets.Add(sockets);
        return init;
    }

    private static UpdateConfig Update(long version, Action action, SocketConfig socket)
        => new() { Action = action, SocketConfig = socket, ConfigVersion = new ConfigVersion { Incarnation = "i", Number = version } };
}
