using Connector.Actors.Group;
using Connector.Tests.Server.Hosting;
using Xunit;

namespace Connector.Tests.Actors.Group;

/// <summary>Groups of real actor systems with real remoting against a real control plane.</summary>
[Trait("kind", Kinds.Actor)]
public sealed class GroupTests
{
    [Fact]
    public async Task Three_replicas_form_one_group_whoever_comes_first()
    {
        await using var kit = await GroupKit.PrepareAsync(3);
        kit.Start(2);
        await kit.IsOneGroupAsync(1);
        kit.Start(0);
        kit.Start(1);
        await kit.IsOneGroupAsync(3);
        Assert.Equal(2, kit.Leaders.Single().Number);
    }

    [Fact]
    public async Task Desired_state_and_tickets_reach_every_replica_also_one_that_comes_late()
    {
        await using var kit = await GroupKit.PrepareAsync(3);
        kit.Start(0);
        kit.Start(1);
        await kit.IsOneGroupAsync(2);
        kit.Server.Store.SetDesired(ControlPlaneFixture.ConnectorId, ControlPlaneFixture.State(2, ControlPlaneFixture.Item("a"), ControlPlaneFixture.Item("b")));
        kit.Server.Tell(new Connector.Server.Control.ConnectorsProtocol.DesiredStateChanged(ControlPlaneFixture.ConnectorId));
        await HaveAsync(kit, "a", "b");
        kit.Start(2);
        await kit.IsOneGroupAsync(3);
        await HaveAsync(kit, "a", "b");
        await Eventually.IsTrueAsync(() => kit.Replicas.All(replica => replica.Ticket is not null), "each replica has a ticket", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Leader_that_leaves_hands_the_session_over()
    {
        await using var kit = await GroupKit.StartAsync(3);
        var leader = kit.Leaders.Single();
        await leader.LeaveAsync();
        await Eventually.IsTrueAsync(
            () => kit.Others(leader).Count(replica => replica.Status is { Role: GroupRole.Leader, Members.Length: 2 }) == 1, "another leads", TestContext.Current.CancellationToken);
        await Eventually.IsTrueAsync(
            async () => await kit.Server.SessionAsync() is { State: "online" } session && session.Leader != leader.Id, "it has the session", TestContext.Current.CancellationToken);
    }

    private static Task HaveAsync(GroupKit kit, params string[] sockets)
        => Eventually.IsTrueAsync(
            () => kit.Replicas.All(replica => replica.Sockets.Keys.Order(StringComparer.Ordinal).SequenceEqual(sockets)), "each replica has the sockets",
            TestContext.Current.CancellationToken);
}
