using Connector.Actors.Control;
using Connector.Actors.Group;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using System.Security.Cryptography;
using Xunit;

namespace Connector.Tests.Actors.Group;

[Trait("kind", Kinds.Pure)]
public sealed class GroupDecisionTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);

    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    [Fact]
    public void Door_is_open_for_another_replica_of_the_same_connector() => Assert.Equal("", Judge(Knock()));

    [Fact]
    public void Door_names_what_does_not_fit_and_the_remedy()
    {
        Assert.Contains("token of the same connector", Judge(Knock() with { ConnectorId = "other" }), StringComparison.Ordinal);
        Assert.Contains("same version of the software", Judge(Knock() with { ProtocolVersion = 2 }), StringComparison.Ordinal);
        Assert.Contains("state directory was copied", Judge(Knock() with { ReplicaId = "replica-1" }), StringComparison.Ordinal);
        Assert.Contains("state directory was copied", Judge(Knock(), isMemberElsewhere: true), StringComparison.Ordinal);
        Assert.Contains("+61 s apart", Judge(Knock() with { Now = Now.AddSeconds(61) }), StringComparison.Ordinal);
        Assert.Contains("-61 s apart", Judge(Knock() with { Now = Now.AddSeconds(-61) }), StringComparison.Ordinal);
    }

    [Fact]
    public void Clocks_a_little_apart_do_not_matter() => Assert.Equal("", Judge(Knock() with { Now = Now.AddSeconds(60) }));

    [Fact]
    public void Group_in_sight_is_joined()
    {
        var step = FormationDecision.After([(0, Answer(inGroup: false)), (2, Answer(inGroup: true))]);
        Assert.Equal(new FormationDecision.Step.Join(2), step);
    }

    [Fact]
    public void Group_that_refuses_is_not_joined_and_none_is_formed_beside_it()
    {
        var step = FormationDecision.After([(0, Answer(inGroup: true, "clocks")), (1, Answer(inGroup: false))]);
        Assert.Contains("clocks", Assert.IsType<FormationDecision.Step.Refused>(step).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void One_member_that_refuses_does_not_outweigh_one_that_welcomes()
        => Assert.Equal(new FormationDecision.Step.Join(1), FormationDecision.After([(0, Answer(inGroup: true, "clocks")), (1, Answer(inGroup: true))]));

    [Fact]
    public void Without_a_group_the_control_plane_is_asked()
    {
        Assert.IsType<FormationDecision.Step.Ask>(FormationDecision.After([]));
        Assert.IsType<FormationDecision.Step.Ask>(FormationDecision.After([(0, Answer(inGroup: false)), (1, Answer(inGroup: false, "clocks"))]));
    }

    [Fact]
    public void Image_is_what_was_pushed_one_after_the_other()
    {
        var image = new DesiredStateImage(new Init { Sockets = { Socket("a", "1"), Socket("b", "1") }, ConfigVersion = Version(1) });
        image.Apply(Update(Connector.Protocol.Control.Wire.Action.Update, Socket("a", "2"), 2));
        image.Apply(Update(Connector.Protocol.Control.Wire.Action.Delete, Socket("b", "1"), 3));
        image.Apply(Update(Connector.Protocol.Control.Wire.Action.Create, Socket("c", "1"), 3));
        var whole = image.Whole();
        Assert.Equal(["a 2", "c 1"], whole.Sockets.Select(socket => $"{socket.Id} {socket.Name}").Order(StringComparer.Ordinal));
        Assert.Equal(3, whole.ConfigVersion.Number);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5_000)]
    public void Whole_state_comes_together_from_its_parts(int sockets)
    {
        var init = new Init { Sockets = { Enumerable.Range(0, sockets).Select(i => Socket($"{i}", new string('x', 50))) } };
        var parts = WholeParts.Cut(Guid.NewGuid(), 3, init).ToArray();
        Assert.All(parts, part => Assert.InRange(part.Bytes.Length, 0, 64 * 1024));
        var whole = new WholeParts();
        Assert.All(parts[..^1], part => Assert.Null(whole.Add(part)));
        Assert.Equal(init, whole.Add(parts[^1]));
    }

    [Fact]
    public void Whole_state_with_a_missing_or_foreign_part_never_comes()
    {
        var init = new Init { Sockets = { Enumerable.Range(0, 5_000).Select(i => Socket($"{i}", new string('x', 50))) } };
        var parts = WholeParts.Cut(Guid.NewGuid(), 3, init).ToArray();
        var foreign = WholeParts.Cut(Guid.NewGuid(), 3, init).ToArray();
        Assert.True(parts.Length > 3);
        var whole = new WholeParts();
        foreach (var part in parts.Where((_, i) => i != 1))
            Assert.Null(whole.Add(part));
        foreach (var part in parts.Select((part, i) => i == 2 ? foreign[2] : part))
            Assert.Null(whole.Add(part));

        // And the next one does.
        Assert.Equal(init, parts.Select(whole.Add).ToArray()[^1]);
    }

    public void Dispose() => key.Dispose();

    private static SocketConfig Socket(string id, string name) => new() { Id = id, Name = name };

    private static ConfigVersion Version(long number) => new() { Incarnation = "a", Number = number };

    private static UpdateConfig Update(Connector.Protocol.Control.Wire.Action action, SocketConfig socket, long version)
        => new() { Action = action, SocketConfig = socket, ConfigVersion = Version(version) };

    private static GroupProtocol.KnockAnswered Answer(bool inGroup, string refusal = "") => new(1, "replica-2", inGroup, refusal);

    private static GroupProtocol.Knock Knock() => new(1, "connector-1", GroupIdentity.ProtocolVersion, "replica-2", Guid.NewGuid(), Now);

    private string Judge(GroupProtocol.Knock knock, bool isMemberElsewhere = false) => DoorDecision.Judge(Identity(), knock, Now, isMemberElsewhere);

    private GroupIdentity Identity() => new(
        new ControlSessionSettings
        {
            ConnectorId = new ConnectorId("connector-1"),
            ReplicaId = new ReplicaId("replica-1"),
            BootId = BootId.New(),
            Key = new ReplicaKey(key),
            Version = "1",
            Metadata = new ReplicaMetadata("1", "20260101", "host", "linux", "linux-x64", "test", "6.1", "X64"),
        },
        GroupBootId.New());
}
