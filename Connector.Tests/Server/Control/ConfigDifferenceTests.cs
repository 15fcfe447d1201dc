using System.Collections.Immutable;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Connector.Server.Store;
using CsCheck;
using Xunit;
using Action = Connector.Protocol.Control.Wire.Action;

namespace Connector.Tests.Server.Control;

[Trait("kind", Kinds.Pure)]
public sealed class ConfigDifferenceTests
{
    [Fact]
    public void Equal_states_have_no_difference_also_when_the_version_has_grown()
        => Assert.True(ConfigDifference.Between(State(1, [Item("a")]), State(2, [Item("a")])).IsEmpty);

    [Fact]
    public void Deletions_come_first_then_plugins_then_sockets_in_wanted_order()
    {
        var pushed = State(1, [Item("gone"), Item("kept"), Item("changed")], [Item("p-gone")]);
        var wanted = State(2, [Item("new"), Item("changed", config: """{"x":2}"""), Item("kept")], [Item("p-new")]);

        var difference = ConfigDifference.Between(pushed, wanted);

        Assert.Equal(
            [
                (Action.Delete, ConfigItemKind.Socket, "gone"), (Action.Delete, ConfigItemKind.Plugin, "p-gone"), (Action.Create, ConfigItemKind.Plugin, "p-new"),
                (Action.Create, ConfigItemKind.Socket, "new"), (Action.Update, ConfigItemKind.Socket, "changed"),
            ],
            difference.Changes.Select(change => (change.Action, change.Kind, change.Item.Id)));
        Assert.False(difference.ConnectorChanged);
    }

    [Theory]
    [InlineData("renamed", "ssh", "{}")]
    [InlineData("name", "http", "{}")]
    [InlineData("name", "ssh", """{"a":1}""")]
    public void Changed_name_type_or_configuration_is_an_update(string name, string type, string config)
        => Assert.Equal(
            Action.Update,
            Assert.Single(ConfigDifference.Between(State(1, [new("id", "name", "ssh", "{}")]), State(2, [new("id", name, type, config)])).Changes).Action);

    [Fact]
    public void Changed_heartbeat_or_name_is_a_change_of_the_connector()
    {
        Assert.True(ConfigDifference.Between(State(1, []), State(2, []) with { HeartbeatInterval = TimeSpan.FromSeconds(20) }).ConnectorChanged);
        Assert.True(ConfigDifference.Between(State(1, []), State(2, []) with { Name = "other" }).ConnectorChanged);
    }

    [Fact]
    public void Peer_that_applies_the_pushed_updates_arrives_at_the_wanted_state()
    {
        var items = Gen.Select(Gen.Int[0, 6].Select(id => $"s{id}"), Gen.Int[0, 3]).List[0, 7]
            .Select(pairs => pairs.DistinctBy(pair => pair.Item1).ToDictionary(pair => pair.Item1, pair => pair.Item2));
        Gen.Select(items, items).Sample((before, after) =>
        {
            var pushed = State(1, Items(before));
            var wanted = State(2, Items(after));
            var peer = pushed.Sockets.ToDictionary(item => item.Id, item => item.ConfigJson);
            foreach (var message in new DesiredStateMessages(true, _ => { }).Updates(ConfigDifference.Between(pushed, wanted), wanted))
            {
                var socket = message.UpdateConfig.SocketConfig;
                switch (message.UpdateConfig.Action)
                {
                    case Action.Create:
                        peer.Add(socket.Id, socket.Config.ToString());
                        break;
                    case Action.Update:
                        Assert.True(peer.ContainsKey(socket.Id));
                        peer[socket.Id] = socket.Config.ToString();
                        break;
                    default:
                        Assert.True(peer.Remove(socket.Id));
                        break;
                }
            }

            Assert.Equal(wanted.Sockets.Select(item => item.Id).Order(), peer.Keys.Order());
            Assert.All(wanted.Sockets, item => Assert.Equal(Google.Protobuf.WellKnownTypes.Struct.Parser.ParseJson(item.ConfigJson), Google.Protobuf.WellKnownTypes.Struct.Parser.ParseJson(peer[item.Id])));
        });

        static ImmutableArray<DesiredItem> Items(Dictionary<string, int> from)
            => [.. from.Select(pair => Item(pair.Key, config: $$"""{"v":{{pair.Value}}}"""))];
    }

    [Fact]
    public void Init_has_what_the_public_client_crashes_without()
    {
        var init = new DesiredStateMessages(false, _ => { }).Init(State(1, [Item("a", config: """{"upstream_configuration":{"port":22}}""")]) with { HeartbeatInterval = TimeSpan.Zero }).Init;

        Assert.NotNull(init.ConnectorConfig.Organization.Certificates);
        Assert.Equal(1, init.ConnectorConfig.HeartbeatInterval);
        Assert.Null(init.ConfigVersion);
        Assert.Equal(22, Assert.Single(init.Sockets).Config.Fields["upstream_configuration"].StructValue.Fields["port"].NumberValue);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[1]")]
    public void Item_whose_stored_configuration_cannot_be_read_is_left_out_and_reported(string config)
    {
        var reported = new List<string>();
        var init = new DesiredStateMessages(true, reported.Add).Init(State(3, [Item("bad", config), Item("good")])).Init;

        Assert.Equal("good", Assert.Single(init.Sockets).Id);
        Assert.Contains("bad", Assert.Single(reported), StringComparison.Ordinal);
        Assert.Equal(new ConfigVersion { Incarnation = "inc", Number = 3 }, init.ConfigVersion);
    }

    private static DesiredItem Item(string id, string config = "{}") => new(id, $"name of {id}", "ssh", config);

    private static ConnectorDesiredState State(long version, ImmutableArray<DesiredItem> sockets, ImmutableArray<DesiredItem> plugins = default)
        => new(new DesiredStateVersion("inc", version), "connector", "org", "Org", TimeSpan.FromSeconds(10), sockets, plugins.IsDefault ? [] : plugins);
}
