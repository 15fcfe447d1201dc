using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Connector.Host.Drill;
using Xunit;

namespace Connector.Tests.Host.Drill;

[Trait("kind", Kinds.Pure)]
public sealed class DrillJudgeTests
{
    private static readonly DrillWindow Kill = new(DrillEvent.KillLeader, "a", Seconds(10), Seconds(30), "boot-1", Streams: 2, Led: true, Epoch: 5, Recovered: true);

    [Fact]
    public void Kept_promises_are_measured_and_nothing_is_broken()
    {
        var result = Judge(
            Kill,
            [Open(9.9, 0.05), Open(10.2, 0.3), Failed(9.99, 0.02), Failed(10.05, 0.01)],
            [new StreamLoss(Seconds(12), "reset"), new StreamLoss(Seconds(12), "reset"), new StreamLoss(Seconds(40), "later")],
            [Control(9.9, 5, "boot-1"), Control(10.05, 5, "boot-1", lanes: 0), Control(13, 6, "boot-1", lanes: 0)]);

        Assert.Empty(result.Broken);
        Assert.Equal((2, 0, 2), (result.Caught, result.Failed, result.Lost));
        Assert.Equal((0.05, 3, 0.3), (result.Detection!.Value.TotalSeconds, result.ControlGap!.Value.TotalSeconds, result.Slowest.TotalSeconds), Close);
    }

    [Fact]
    public void Failure_after_the_kill_could_be_seen_breaks_the_promise()
    {
        var result = Judge(Kill, [Failed(10.2, 0.1)], [], [Control(10.1, 6, null)]);

        Assert.Equal((0, 1), (result.Caught, result.Failed));
        Assert.Contains("1 new connections failed; none may (closed)", Assert.Single(result.Broken));
    }

    [Fact]
    public void Failure_at_the_moment_of_a_drain_breaks_the_promise()
        => Assert.Contains("new connections failed", Assert.Single(Judge(Drain, [Failed(10.0, 0.01)], [], [Control(10.1, 5, null)]).Broken));

    [Fact]
    public void Connections_outside_the_window_do_not_count()
    {
        var result = Judge(Kill, [Failed(1, 1), Failed(31, 1), Open(1, 8.9), Open(31, 9)], [new StreamLoss(Seconds(5), "x")], [Control(10.1, 6, null)]);

        Assert.Equal((0, 0, 0, TimeSpan.Zero), (result.Caught, result.Failed, result.Lost, result.Slowest));
        Assert.Empty(result.Broken);
    }

    [Fact]
    public void Streams_of_others_may_not_be_lost_with_a_killed_replica()
        => Assert.Contains("3 long streams were lost; at most the 2", Assert.Single(
            Judge(Kill, [], [.. Enumerable.Repeat(new StreamLoss(Seconds(11), "reset"), 3)], [Control(10.1, 6, null)]).Broken));

    [Theory]
    [InlineData(5.9, 0)]
    [InlineData(6.1, 1)]
    public void Control_session_is_back_in_time_after_a_kill(double after, int broken)
        => Assert.Equal(broken, Judge(Kill, [], [], [Control(10.01, 5, "boot-1"), Control(10 + after, 6, null)]).Broken.Length);

    [Fact]
    public void Control_session_that_never_came_back_is_a_gap_to_the_end()
        => Assert.Contains("no control session for 20.0 s", Assert.Single(Judge(Kill, [], [], [Control(11, 5, null), Control(29, 5, null, state: "offline")]).Broken));

    [Fact]
    public void Drain_s_gap_is_the_time_without_a_session()
    {
        var kept = Judge(Drain, [], [], [Control(10.1, 5, "boot-1"), Control(10.5, 5, null, state: "offline"), Control(11.2, 6, null)]);
        var broken = Judge(Drain, [], [], [Control(10.5, 5, null, state: "offline"), Control(11.0, 5, null, state: "offline"), Control(12, 6, null)]);

        Assert.Equal(0.7, kept.ControlGap!.Value.TotalSeconds, 3);
        Assert.Empty(kept.Broken);
        Assert.Contains("at most 1 s", Assert.Single(broken.Broken));
    }

    [Fact]
    public void Freeze_is_noticed_in_time_and_new_connections_are_quick()
    {
        var freeze = Kill with { Event = DrillEvent.FreezeLeader };
        var noticed = Control(12.5, 6, null, leader: "b");

        Assert.Empty(Judge(freeze, [Open(11, 0.4)], [], [noticed]).Broken);
        Assert.Contains("took 600 ms", Assert.Single(Judge(freeze, [Open(11, 0.6)], [], [noticed]).Broken));
        Assert.Empty(Judge(freeze, [Open(11, 0.6)], [], [noticed], slowBefore: true).Broken);
        Assert.Contains("noticed after 4.0 s", Assert.Single(Judge(freeze, [], [], [Control(12, 6, "boot-1", leader: "b"), Control(14, 6, null, leader: "b")]).Broken));
        Assert.Contains("never noticed", Assert.Single(Judge(freeze, [], [], [Control(12, 6, "boot-1", leader: "b")]).Broken));
        Assert.Empty(Judge(freeze, [], [], [Control(12.5, 5, null), Control(17, 6, null, leader: "b")]).Broken);
        Assert.Contains("the woken replica leads", Assert.Single(Judge(freeze, [], [], [Control(12.5, 6, null)]).Broken));
        Assert.Contains("the woken replica leads", Assert.Single(Judge(freeze with { RoleAfter = "leader" }, [], [], [noticed]).Broken));
        Assert.Contains("none may be", Assert.Single(Judge(freeze, [], [new StreamLoss(Seconds(15), "reset")], [noticed]).Broken));
    }

    [Fact]
    public void Group_that_did_not_become_whole_again_is_a_broken_promise()
        => Assert.Contains("not whole again", Assert.Single(Judge(Drain with { Recovered = false }, [], [], [Control(10.1, 5, null)]).Broken));

    [Fact]
    public void There_are_never_two_control_sessions()
    {
        Assert.Empty(Judge(Kill, [], [], [Control(11, 5, null), Control(12, 0, null, state: "unknown"), Control(13, 6, null, leader: "b")]).Broken);
        Assert.Contains("epoch 6 was of a and of b", Assert.Single(Judge(Kill, [], [], [Control(13, 6, null), Control(14, 6, null, leader: "b")]).Broken));
        Assert.Contains("went back from 6 to 5", Assert.Single(Judge(Kill, [], [], [Control(13, 6, null), Control(14, 5, null)]).Broken));
        Assert.Contains("passed to another replica 2 times; 1 are explained", Assert.Single(
            Judge(Kill, [], [], [Control(11, 5, null), Control(13, 6, null, leader: "b"), Control(14, 7, null, leader: "c")]).Broken));
        Assert.Contains("passed to another replica 1 times; 0 are explained", Assert.Single(
            Judge(Kill with { Led = false, Event = DrillEvent.KillFollower }, [], [], [Control(11, 5, null), Control(13, 6, null, leader: "b")]).Broken));
        Assert.Contains("two replicas had the control session at epoch 6", Assert.Single(Judge(Kill, [], [], [
            Control(13, 6, null) with { Replicas = [new ControlSample.Replica("a", "1", 1, false, "leader"), new ControlSample.Replica("b", "2", 1, false, "leader")] }]).Broken));
    }

    [Fact]
    public void What_is_left_behind_is_named()
    {
        var before = new DrillCensus([Process("a", 100), Process("b", 100), Process("the server", 200, members: 0)], 2);

        Assert.Empty(DrillCensus.Leaks(before, before with { Processes = [Process("b", 125), Process("the server", null, members: 0), Process("a", 20)] }));
        Assert.Contains("a: 126 handles in the end, 100 before", Leak(Process("a", 126)));
        Assert.Contains("a: 1 streams in the end, 0 before", Leak(Process("a", 100, streams: 1)));
        Assert.Contains("a: 3 members of its group in the end, 2 before", Leak(Process("a", 100, members: 3)));
        Assert.Contains("a is not healthy", Leak(Process("a", 100) with { Healthy = false }));
        Assert.Contains("a is not healthy", Leak(Process("z", 100)));
        Assert.Contains("the control plane: 3 processes of the connector", Assert.Single(DrillCensus.Leaks(before, before with { Listed = 3 })));

        string Leak(DrillCensus.Process last) => Assert.Single(DrillCensus.Leaks(before, before with { Processes = [last, .. before.Processes.Skip(1)] }));

        static DrillCensus.Process Process(string name, int? handles, int streams = 0, int members = 2) => new(name, handles, streams, members, true);
    }

    [Fact]
    public void Without_a_control_plane_to_ask_its_promises_are_not_judged()
    {
        var result = Judge(Kill with { BootId = null }, [Open(11, 0.1)], [], []);

        Assert.Equal((null, null), (result.Detection, result.ControlGap));
        Assert.Empty(result.Broken);
    }

    [Fact]
    public void Answer_of_the_api_is_read_and_another_shape_is_none()
    {
        var answer = JsonNode.Parse("""
            {"session": {"state": "online", "epoch": 7, "leader": "a"}, "replicas": [
              {"id": "a", "boot_id": "old", "lanes": 0, "draining": true}, {"id": "a", "boot_id": "new", "lanes": 2, "draining": false, "role": "leader", "live_streams": 3}]}
            """);

        var sample = ControlSample.Read(Seconds(1), answer)!;

        Assert.Equal((true, 7L, "a", "new"), (sample.Online, sample.Epoch, sample.Leader, sample.BootOf("a")));
        Assert.Equal(("leader", 3), (sample.Replicas[1].Role, sample.Replicas[1].Streams));
        Assert.True(sample.Offers("a", "new"));
        Assert.False(sample.Offers("a", "old"));
        Assert.Null(ControlSample.Read(Seconds(1), JsonNode.Parse("{}")));
        Assert.Null(ControlSample.Read(Seconds(1), JsonNode.Parse("""{"session": {"epoch": "many"}}""")));
    }

    [Fact]
    public void Report_names_each_step_and_every_broken_promise()
    {
        var good = Judge(Drain, [Open(11, 0.1)], [], [Control(10.1, 5, null)]);
        var bad = Judge(Kill, [Failed(12, 0.1)], [], [Control(10.1, 6, null)]);
        var summary = new LoadSummary(1000, 199.6, Seconds(0.02), 0, 0, 100, "");

        var text = DrillReport.Render([good, bad], summary, summary, null, null, []);

        Assert.Contains("200 per second", text);
        Assert.Matches(@"drain +a +\d+ ms +0 +100 ms +0 +0 ms +kept", text);
        Assert.Matches(@"kill-leader +a .*BROKEN", text);
        Assert.Contains("kill-leader of a: 1 new connections failed", text);
        Assert.Contains("Every promise was kept.", DrillReport.Render([good], summary, summary, null, null, []));
        var census = new DrillCensus([new DrillCensus.Process("the server", 80, 0, 0, true)], 2);
        var left = DrillReport.Render([good], summary, summary, census, census with { Listed = 3 }, ["three are listed"]);
        Assert.Contains("the server: handles 80 and 80", left);
        Assert.Contains("control plane lists: 2 and 3", left);
        Assert.Contains("three are listed", left);
        Assert.DoesNotContain("Every promise was kept.", left);
    }

    private static DrillWindow Drain => Kill with { Event = DrillEvent.Drain };

    private static DrillResult Judge(
        DrillWindow window, OpenSample[] opens, StreamLoss[] losses, ControlSample[] control, bool slowBefore = false)
        => DrillJudge.Judge(window, opens, losses, control, slowBefore);

    private static OpenSample Open(double began, double took) => new(Seconds(began), Seconds(took), null);

    private static OpenSample Failed(double began, double took) => new(Seconds(began), Seconds(took), "closed");

    private static ControlSample Control(double at, long epoch, string? boot, int lanes = 2, string state = "online", string leader = "a")
        => new(Seconds(at), state, epoch, leader, boot is null ? [] : [new ControlSample.Replica("a", boot, lanes, false)]);

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static bool Close((double, double, double) one, (double, double, double) other)
        => Math.Abs(one.Item1 - other.Item1) < 0.001 && Math.Abs(one.Item2 - other.Item2) < 0.001 && Math.Abs(one.Item3 - other.Item3) < 0.001;
}
