using Connector.Actors.Control;
using Connector.Actors.Group;
using Connector.Actors.Health;
using Connector.Protocol.Ids;
using Xunit;

namespace Connector.Tests.Actors.Health;

[Trait("kind", Kinds.Pure)]
public sealed class ControlLampTests
{
    private static readonly DateTimeOffset Wall = DateTimeOffset.UnixEpoch.AddHours(1);
    private static readonly TimeSpan Now = TimeSpan.FromMinutes(10);

    [Fact]
    public void Lone_replica_s_lamp_is_of_its_own_session()
    {
        var session = new ControlSessionProtocol.ControlSessionStatusChanged(ControlSessionState.Refused, "already connected", new SessionEpoch(0), DateTimeOffset.UnixEpoch);

        Assert.Equal(LampState.Off, Read(GroupRole.Lone, session, Heard(1)).State);
        Assert.Equal(LampState.Unknown, Read(GroupRole.Lone, null, Heard(1)).State);
        Assert.Equal(LampState.On, Read(GroupRole.Leader, session with { State = ControlSessionState.Online }, Heard(1)).State);
    }

    [Theory]
    [InlineData(1, LampState.On)]
    [InlineData(29, LampState.On)]
    [InlineData(31, LampState.Unknown)]
    [InlineData(null, LampState.Unknown)]
    public void Member_s_lamp_is_on_while_the_leader_s_session_is_heard_of(int? secondsAgo, LampState expected)
    {
        // What its own session was, before it became a member, does not count.
        var old = new ControlSessionProtocol.ControlSessionStatusChanged(ControlSessionState.Stopped, "handed over", new SessionEpoch(1), DateTimeOffset.UnixEpoch);

        Assert.Equal(expected, Read(GroupRole.Member, old, secondsAgo is { } ago ? Heard(ago) : null).State);
    }

    private static LampReading Read(
        GroupRole role, ControlSessionProtocol.ControlSessionStatusChanged? session, ControlSessionProtocol.ControlPlaneHeard? heard)
        => LampDecision.Control(new GroupStatusChanged(role, 1, [], "", DateTimeOffset.UnixEpoch), session, heard, Now, Wall, DateTimeOffset.UnixEpoch);

    private static ControlSessionProtocol.ControlPlaneHeard Heard(int secondsAgo) => new(Now - TimeSpan.FromSeconds(secondsAgo), TimeSpan.FromSeconds(30));
}
