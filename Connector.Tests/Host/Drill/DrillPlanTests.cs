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
            DrillPlan.Steps(DrillPlan.Usual, Group));

    [Theory]
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

    private static string? Refusal(DrillReplica victim, ImmutableArray<DrillReplica>? group = null)
        => DrillPlan.Refusal(victim, group ?? Group, new HashSet<int> { 7 }, evenTheLast: false);

    private static DrillReplica Replica(string id, int pid, string role = "member")
        => new(id, "connector", pid, new IPEndPoint(IPAddress.Loopback, pid), Healthy: true, role, 0, TimeSpan.FromSeconds(10));
}
