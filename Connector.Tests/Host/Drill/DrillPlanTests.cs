using System.Collections.Immutable;
using System.Net;
using Connector.Host.Drill;
using Xunit;

namespace Connector.Tests.Host.Drill;

[Trait("kind", Kinds.Pure)]
public sealed class DrillPlanTests
{
    private static readonly ImmutableArray<DrillReplica> Group = [Replica("a", 101), Replica("b", 102, role: "leader"), Replica("c", 103)];

    [Fact]
    public void Steps_are_in_order_and_a_drain_is_one_of_each_replica()
        => Assert.Equal(
            [new(DrillEvent.KillFollower), new(DrillEvent.KillLeader), new(DrillEvent.FreezeLeader), new(DrillEvent.Drain, "a"), new(DrillEvent.Drain, "b"), new(DrillEvent.Drain, "c")],
            DrillPlan.Steps(DrillPlan.Usual, Group, 50, new Random(1)));

    [Fact]
    public void Restarts_are_kills_and_drains_of_replicas_by_chance()
    {
        var steps = DrillPlan.Steps([DrillEvent.Restarts], Group, 50, new Random(1));

        Assert.Equal(50, steps.Length);
        Assert.Equal(
            from happening in new[] { DrillEvent.KillFollower, DrillEvent.Drain } from id in new[] { "a", "b", "c" } select new DrillStep(happening, id),
            steps.Distinct().OrderBy(step => step.Event).ThenBy(step => step.ReplicaId));
    }

    [Theory]
    [InlineData("kill-follower", "a", true, "kill-leader")]
    [InlineData("kill-follower", "a", false, "kill-follower")]
    [InlineData("drain", "a", true, "drain")]
    [InlineData("kill-leader", null, true, "kill-leader")]
    public void Who_is_killed_by_name_may_lead(string happening, string? id, bool leads, string expected)
        => Assert.Equal(expected, DrillPlan.NameOf(DrillPlan.Happening(new DrillStep(Event(happening), id), leads)));

    [Fact]
    public void Group_is_whole_when_all_are_healthy_members_of_one_again()
    {
        ImmutableArray<DrillReplica> before = [.. Group.Select(replica => replica with { Members = 3 })];

        Assert.True(DrillPlan.IsWhole([.. before.Reverse()], before));
        Assert.False(DrillPlan.IsWhole([before[0], before[1]], before));
        Assert.False(DrillPlan.IsWhole([before[0], before[1], before[2] with { Healthy = false }], before));
        Assert.False(DrillPlan.IsWhole([before[0], before[1], before[2] with { Role = "ungrouped", Members = 0 }], before));
        Assert.False(DrillPlan.IsWhole([before[0], before[1], before[2] with { Members = 2 }], before));
        Assert.True(DrillPlan.IsWhole([before[0] with { Role = "lone", Members = 0 }], [before[0] with { Role = "lone", Members = 0 }]));
    }

    [Theory]
    [InlineData("kill-leader", 101, false)]
    [InlineData("drain", 201, true)]
    [InlineData("freeze-leader", 101, true)]
    [InlineData("freeze-follower", 201, false)]
    public void Killed_replica_is_back_as_another_process_and_a_woken_one_as_the_same(string happening, int pid, bool expected)
    {
        Assert.Equal(expected, DrillPlan.IsBack(Event(happening), Group[0], Group[0] with { ProcessId = pid }));
        Assert.False(DrillPlan.IsBack(Event(happening), Group[0], Group[0] with { ProcessId = pid, Healthy = false }));
    }

    [Theory]
    [InlineData("restarts", new[] { "restarts" })]
    [InlineData("kill-leader, drain", new[] { "kill-leader", "drain" })]
    [InlineData("freeze-follower", new[] { "freeze-follower" })]
    [InlineData("", null)]
    [InlineData("kill", null)]
    [InlineData("drain,explode", null)]
    public void Events_are_read_by_name(string text, string[]? expected) => Assert.Equal(expected, DrillPlan.Parse(text)?.Select(DrillPlan.NameOf));

    [Theory]
    [InlineData("c", "c", "a")]
    [InlineData(null, "b", "a")]
    [InlineData("gone", "b", "a")]
    public void Leader_is_who_the_control_plane_says_and_else_who_says_so(string? leader, string leads, string follows)
    {
        Assert.Equal(leads, DrillPlan.Victim(new DrillStep(DrillEvent.KillLeader), Group, leader)!.Id);
        Assert.Equal(leads, DrillPlan.Victim(new DrillStep(DrillEvent.FreezeLeader), Group, leader)!.Id);
        Assert.Equal(follows, DrillPlan.Victim(new DrillStep(DrillEvent.KillFollower), Group, leader)!.Id);
        Assert.Equal("c", DrillPlan.Victim(new DrillStep(DrillEvent.Drain, "c"), Group, leader)!.Id);
    }

    [Fact]
    public void There_may_be_no_victim()
    {
        Assert.Null(DrillPlan.Victim(new DrillStep(DrillEvent.KillFollower), [Group[1]], "b"));
        Assert.Null(DrillPlan.Victim(new DrillStep(DrillEvent.Drain, "z"), Group, "b"));
        Assert.Null(DrillPlan.Victim(new DrillStep(DrillEvent.KillLeader), [Group[0]], null));
    }

    [Fact]
    public void Replica_of_a_whole_group_may_be_touched() => Assert.Null(Refusal(Group[1]));

    [Fact]
    public void Last_healthy_replica_is_touched_only_when_told()
    {
        ImmutableArray<DrillReplica> worn = [Group[0], Group[1] with { Healthy = false }];

        Assert.Contains("the last healthy one", Refusal(worn[0], worn));
        Assert.Null(DrillPlan.Refusal(worn[0], worn, new HashSet<int>(), evenTheLast: true));

        // One that is down already may go: nobody loses it.
        Assert.Null(Refusal(worn[1], worn));
    }

    [Fact]
    public void Process_that_is_no_replica_of_the_group_is_never_touched()
    {
        Assert.Contains("would be done to the control plane and the edge too", DrillPlan.Refusal(Group[0], Group, new HashSet<int> { 101 }, evenTheLast: true));
        Assert.Contains("does not say which process", Refusal(Group[0] with { ProcessId = 0 }));
        Assert.Contains("does not say which process", Refusal(Group[0] with { ProcessId = 1 }));
        Assert.Contains("does not say which process", Refusal(Group[0] with { ProcessId = -1 }));
        Assert.Contains("different connectors", Refusal(Group[0], [.. Group, Replica("d", 104) with { ConnectorId = "another" }]));
        Assert.Contains("two replicas say", Refusal(Group[0], [Group[0], Replica("d", 101)]));
    }

    private static DrillEvent Event(string name) => Assert.Single(DrillPlan.Parse(name)!.Value);

    private static string? Refusal(DrillReplica victim, ImmutableArray<DrillReplica>? group = null)
        => DrillPlan.Refusal(victim, group ?? Group, new HashSet<int> { 7 }, evenTheLast: false);

    private static DrillReplica Replica(string id, int pid, string role = "member")
        => new(id, "connector", pid, new IPEndPoint(IPAddress.Loopback, pid), Healthy: true, role, 0, TimeSpan.FromSeconds(10));
}
