using System.Diagnostics;
using Connector.Actors.Group;
using Xunit;

namespace Connector.Tests.Actors.Group;

/// <summary>The table of docs/groups.md, cell by cell: {2, 3 replicas} × {node loss, partition} × {control plane there, away}.</summary>
[Trait("kind", Kinds.Actor)]
public sealed class GroupLossTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Leader_lost_control_plane_there_another_one_leads(int count)
    {
        await using var kit = await GroupKit.StartAsync(count);
        var leader = kit.Leaders.Single();
        var clock = Stopwatch.StartNew();
        await leader.KillAsync(kit.Peers);
        await kit.IsOneGroupAsync(count - 1);
        TestContext.Current.SendDiagnosticMessage($"{count} replicas, leader lost: control session back after {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.DoesNotContain(kit.Living, replica => replica.Status!.Members.Any(member => member.ReplicaId == leader.Id));
        kit.AssertNeverTwoSessions();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Follower_lost_control_plane_there_the_leader_stays(int count)
    {
        await using var kit = await GroupKit.StartAsync(count);
        var leader = kit.Leaders.Single();
        await kit.Others(leader).First().KillAsync(kit.Peers);
        await kit.IsOneGroupAsync(count - 1);
        Assert.Same(leader, kit.Leaders.Single());
        Assert.Equal(1, kit.SessionsOpened);
        kit.AssertNeverTwoSessions();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Replica_lost_control_plane_away_nothing_moves_until_it_is_back(int count)
    {
        await using var kit = await GroupKit.StartAsync(count);
        var leader = kit.Leaders.Single();
        kit.ControlPlaneAway = true;
        await leader.KillAsync(kit.Peers);
        await kit.BecomesAsync(
            () => kit.Living.All(replica => replica.Log.Any(line => line.Contains("asking again", StringComparison.Ordinal))), "every survivor has asked in vain");
        Assert.All(kit.Living, replica => Assert.Equal((GroupRole.Member, count), (replica.Status!.Role, replica.Status.Members.Length)));
        kit.ControlPlaneAway = false;
        await kit.IsOneGroupAsync(count - 1);
        kit.AssertNeverTwoSessions();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public Task Partition_control_plane_there_the_side_of_the_session_goes_on_and_the_other_comes_back(int count) => BestOf.ThreeAsync(async () =>
    {
        await using var kit = await GroupKit.StartAsync(count);
        var leader = kit.Leaders.Single();
        var lonely = kit.Others(leader).First();
        await kit.CutAllAsync(lonely);
        await kit.BecomesAsync(
            () => HeldUp() || (lonely.Status?.Role == GroupRole.Ungrouped && leader.Status is { Role: GroupRole.Leader } status && status.Members.Length == count - 1),
            "the lonely one is out and the others go on");
        if (HeldUp())
        {
            return "the leader did not answer the control plane within a second";
        }

        Assert.Equal(1, kit.SessionsOpened);

        // Served without the group: the control plane gives it what it needs.
        await kit.BecomesAsync(() => lonely.Ticket is not null, "the lonely one has a ticket");
        await kit.HealAllAsync(lonely);
        await kit.IsOneGroupAsync(count);
        Assert.Same(leader, kit.Leaders.Single());
        kit.AssertNeverTwoSessions();
        return null;

        bool HeldUp() => kit.Server.Log.Lines.Any(static line => line.Contains("the control session did not answer", StringComparison.Ordinal));
    });

    [Fact]
    public async Task Leader_cut_off_from_all_and_from_the_control_plane_steps_back()
    {
        await using var kit = await GroupKit.StartAsync(3);
        var leader = kit.Leaders.Single();
        await kit.CutAllAsync(leader);
        leader.ControlPlane.Away = true;
        await kit.BecomesAsync(
            () => kit.Others(leader).Count(replica => replica.Status is { Role: GroupRole.Leader, Members.Length: 2 }) == 1, "the two others go on with another leader");
        await kit.BecomesAsync(async () => await kit.Server.SessionAsync() is { State: "online" } session && session.Leader != leader.Id, "it has the session");
        await kit.HealAllAsync(leader);
        leader.ControlPlane.Away = false;
        await kit.IsOneGroupAsync(3);
        Assert.NotSame(leader, kit.Leaders.Single());
        kit.AssertNeverTwoSessions();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Partition_control_plane_away_nothing_moves_and_it_heals_by_itself(int count)
    {
        await using var kit = await GroupKit.StartAsync(count);
        var leader = kit.Leaders.Single();
        var lonely = kit.Others(leader).First();
        kit.ControlPlaneAway = true;
        await kit.CutAllAsync(lonely);
        await kit.BecomesAsync(() => lonely.Log.Any(line => line.Contains("asking again", StringComparison.Ordinal)), "the lonely one has asked in vain");
        Assert.All(kit.Replicas, replica => Assert.Equal(count, replica.Status!.Members.Length));
        await kit.HealAllAsync(lonely);
        kit.ControlPlaneAway = false;
        await kit.IsOneGroupAsync(count);
        Assert.Same(leader, kit.Leaders.Single());
        kit.AssertNeverTwoSessions();
    }

    [Fact]
    public async Task Without_a_control_plane_no_group_forms_and_each_replica_tries_again()
    {
        await using var kit = await GroupKit.PrepareAsync(2);
        kit.Start(0).ControlPlane.Away = true;
        kit.Start(1).ControlPlane.Away = true;
        await kit.BecomesAsync(
            () => kit.Replicas.All(replica => replica.Status is { Role: GroupRole.Ungrouped } status && status.Reason.Contains("control plane", StringComparison.Ordinal)),
            "both say why they have no group");
        kit.ControlPlaneAway = false;
        await kit.IsOneGroupAsync(2);
        kit.AssertNeverTwoSessions();
    }

    [Fact]
    public async Task First_peer_gone_for_good_the_others_form_the_group()
    {
        await using var kit = await GroupKit.PrepareAsync(3);
        kit.Start(1);
        kit.Start(2);
        await kit.IsOneGroupAsync(2);
        await kit.Leaders.Single().KillAsync(kit.Peers);
        await kit.IsOneGroupAsync(1);
        kit.AssertNeverTwoSessions();
    }
}
