using Connector.Server.Control;
using Connector.Server.Store;
using Xunit;
using static Connector.Protocol.Control.Wire.GroupVerdict.Types;
using static Connector.Tests.Server.Control.GroupTable;

namespace Connector.Tests.Server.Control;

/// <summary>Some members are not reached any more: who stays? Every row, without actors. The group is a, b, c of generation 1, and a has the control session.</summary>
[Trait("kind", Kinds.Pure)]
public sealed class GroupLossTests
{
    private readonly GroupTable table = new();
    private readonly Replica a = Replica.Of("a");
    private readonly Replica b = Replica.Of("b");
    private readonly Replica c = Replica.Of("c");
    private readonly Replica d = Replica.Of("d");

    public GroupLossTests()
    {
        table.Form(a);
        table.Connect(a);
        table.Report(a, b, c);
        table.Advance(60_000);
        Assert.Equal(3, table.Store.Record.Members.Length);
    }

    [Fact]
    public void Those_who_lost_the_leader_stay_after_the_window()
    {
        table.Disconnect();
        var first = table.Loss(b, 1, [c], a);
        table.Advance(300);
        var second = table.Loss(c, 1, [b], a);
        table.Advance(390);
        Assert.Null(table.Verdict(first));

        table.Advance(20);

        Assert.Equal((Verdict.Stay, Verdict.Stay), (table.Verdict(first), table.Verdict(second)));
        Assert.Equal(2, table.Answer(first).Group.Generation);
        Assert.Equal([a.Id], table.Answer(second).Group.Removed);
        Assert.Equal(new[] { b.Member, c.Member }.ToHashSet(), table.Store.Record.Members.ToHashSet());
        Assert.Equal(Verdict.Leave, table.Verdict(table.Loss(a, 1, [], b, c)));
        Assert.Contains("replicas b, c stay, replicas a are not members any more, because no member had the control session", table.Records[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Leader_that_lost_the_others_stays_without_a_challenge()
    {
        var question = table.Loss(a, 1, [], b, c);
        table.Advance(700);

        Assert.Equal(Verdict.Stay, table.Verdict(question));
        Assert.Empty(table.Challenges);
        Assert.NotNull(table.Session);
        Assert.Equal(new[] { b.Id, c.Id }.ToHashSet(), table.Store.Record.Removed.ToHashSet());
    }

    [Fact]
    public void Follower_that_lost_a_follower_stays_with_the_leader()
    {
        var question = table.Loss(b, 1, [a], c);
        table.Advance(700);

        Assert.Equal(Verdict.Stay, table.Verdict(question));
        Assert.Equal([c.Id], table.Store.Record.Removed);
        Assert.Empty(table.Challenges);
    }

    [Fact]
    public void Side_of_the_control_session_that_answers_wins_also_when_it_is_smaller()
    {
        var larger = table.Loss(b, 1, [c], a);
        table.AnswerChallenge();
        var smaller = table.Loss(a, 1, [], b, c);
        var largest = table.Loss(c, 1, [b], a);
        table.Advance(700);

        Assert.Equal((Verdict.Stay, Verdict.Leave, Verdict.Leave), (table.Verdict(smaller), table.Verdict(larger), table.Verdict(largest)));
        Assert.Single(table.Challenges);
        Assert.NotNull(table.Session);
        Assert.Contains("because replica a has the control session", table.Records[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Control_session_that_does_not_answer_within_a_second_decides_nothing()
    {
        var others = table.Loss(b, 1, [c], a);
        var alone = table.Loss(a, 1, [], b, c);
        table.Advance(990);
        Assert.Null(table.Verdict(others));

        table.Advance(20);

        Assert.Equal((Verdict.Stay, Verdict.Leave), (table.Verdict(others), table.Verdict(alone)));
        Assert.Null(table.Session);
        Assert.Contains("because the control session did not answer", table.Records[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Answer_that_comes_within_the_second_counts()
    {
        var others = table.Loss(b, 1, [c], a);
        var alone = table.Loss(a, 1, [], b, c);
        table.Advance(990);
        table.AnswerChallenge();

        Assert.Equal((Verdict.Leave, Verdict.Stay), (table.Verdict(others), table.Verdict(alone)));
    }

    [Fact]
    public void Control_session_whose_stream_ends_counts_as_not_answering_at_once()
    {
        var question = table.Loss(b, 1, [c], a);
        table.Advance(100);
        table.Disconnect();
        table.Advance(590);
        Assert.Null(table.Verdict(question));
        table.Advance(10);

        Assert.Equal(Verdict.Stay, table.Verdict(question));
    }

    [Fact]
    public void Silent_control_session_is_not_challenged()
    {
        table.GoSilent();
        var question = table.Loss(b, 1, [c], a);
        table.Advance(700);

        Assert.Equal(Verdict.Stay, table.Verdict(question));
        Assert.Empty(table.Challenges);
        Assert.Null(table.Session);
    }

    [Fact]
    public void Control_session_that_was_accepted_meanwhile_need_not_prove_it()
    {
        table.Disconnect();
        var cut = table.Loss(c, 1, [], a, b);
        table.Advance(300);
        table.Connect(a, secondsAgo: 0);
        var with = table.Loss(a, 1, [b], c);
        table.Advance(400);

        Assert.Equal((Verdict.Leave, Verdict.Stay), (table.Verdict(cut), table.Verdict(with)));
        Assert.Empty(table.Challenges);
    }

    [Fact]
    public void Without_a_control_session_the_larger_side_wins()
    {
        table.Disconnect();
        var small = table.Loss(a, 1, [], b, c);
        var large = table.Loss(c, 1, [b], a);
        table.Advance(700);

        Assert.Equal((Verdict.Leave, Verdict.Stay), (table.Verdict(small), table.Verdict(large)));
    }

    [Fact]
    public void Of_sides_of_one_size_the_one_with_the_lowest_replica_id_wins()
    {
        table.Report(a, b, c, d);
        table.Disconnect();
        // Of the first side only the other one asks.
        var high = table.Loss(b, 1, [c], a, d);
        var low = table.Loss(d, 1, [a], b, c);
        table.Advance(700);

        Assert.Equal((Verdict.Leave, Verdict.Stay), (table.Verdict(high), table.Verdict(low)));
        Assert.Equal(new[] { a.Member, d.Member }.ToHashSet(), table.Store.Record.Members.ToHashSet());
    }

    [Fact]
    public void Of_three_sides_one_wins()
    {
        table.Disconnect();
        long[] questions = [table.Loss(c, 1, [], a, b), table.Loss(b, 1, [], a, c), table.Loss(a, 1, [], b, c)];
        table.Advance(700);

        Assert.Equal([Verdict.Leave, Verdict.Leave, Verdict.Stay], questions.Select(question => table.Verdict(question)!.Value));
        Assert.Equal(2, table.Store.Record.Generation);
    }

    [Fact]
    public void Of_sides_that_overlap_one_wins_and_the_one_in_both_stays()
    {
        // Only a and c do not reach each other; the lowest id decides.
        table.Connect(b);
        var (first, second) = (table.Loss(a, 1, [b], c), table.Loss(c, 1, [b], a));
        table.Advance(700);

        Assert.Equal((Verdict.Stay, Verdict.Leave), (table.Verdict(first), table.Verdict(second)));
        Assert.Equal([c.Id], table.Store.Record.Removed);
        Assert.NotNull(table.Session);
    }

    [Fact]
    public void Session_that_answers_and_misses_nobody_makes_the_askers_wait_three_seconds_and_leave()
    {
        var first = table.Loss(b, 1, [c], a);
        table.AnswerChallenge();
        table.Advance(1_490);
        Assert.Null(table.Verdict(first));
        table.Advance(10);
        Assert.Equal(Verdict.Wait, table.Verdict(first));

        // What it answered in the beginning says nothing of now.
        Assert.Equal(2, table.Challenges.Count);
        table.Advance(200);
        table.AnswerChallenge();
        table.Advance(50);
        var second = table.Loss(b, 1, [c], a);
        table.Advance(1_240);
        Assert.Null(table.Verdict(second));

        table.Advance(10);

        Assert.Equal(Verdict.Leave, table.Verdict(second));
        Assert.Equal(new[] { a.Member, c.Member }.ToHashSet(), table.Store.Record.Members.ToHashSet());
        Assert.Equal([b.Id], table.Store.Record.Removed);
        Assert.NotNull(table.Session);
    }

    [Fact]
    public void Session_that_dies_while_the_askers_wait_loses()
    {
        var first = table.Loss(b, 1, [c], a);
        table.AnswerChallenge();
        table.Advance(1_750);
        var second = table.Loss(b, 1, [c], a);
        table.Advance(1_250);
        Assert.Equal(2, table.Challenges.Count);
        table.Advance(1_000);

        Assert.Equal((Verdict.Wait, Verdict.Stay), (table.Verdict(first), table.Verdict(second)));
        Assert.Equal([a.Id], table.Store.Record.Removed);
    }

    [Fact]
    public void Side_of_the_session_that_asks_late_wins()
    {
        table.Loss(b, 1, [c], a);
        table.AnswerChallenge();
        table.Advance(1_700);
        var cut = table.Loss(b, 1, [c], a);
        table.AnswerChallenge();
        var late = table.Loss(a, 1, [], b, c);

        Assert.Equal((Verdict.Leave, Verdict.Stay), (table.Verdict(cut), table.Verdict(late)));
    }

    [Fact]
    public void Asker_that_stops_asking_is_forgotten()
    {
        table.Loss(b, 1, [c], a);
        table.AnswerChallenge();
        table.Advance(1_500);
        table.AnswerChallenge();
        table.Advance(8_500);
        Assert.True(table.State.IsIdle);

        // So this is a first question again.
        var question = table.Loss(b, 1, [c], a);
        table.AnswerChallenge();
        table.Advance(1_500);

        Assert.Equal(Verdict.Wait, table.Verdict(question));
        Assert.Equal(1, table.Store.Record.Generation);
    }

    [Fact]
    public void Member_that_asks_again_is_judged_by_what_it_reaches_now()
    {
        table.Disconnect();
        var before = table.Loss(b, 1, [c], a);
        var after = table.Loss(b, 1, [], a, c);
        Assert.Equal(Verdict.Wait, table.Verdict(before));
        table.Advance(700);

        Assert.Equal(Verdict.Stay, table.Verdict(after));
        Assert.Equal(new[] { a.Id, c.Id }.ToHashSet(), table.Store.Record.Removed.ToHashSet());
    }

    [Fact]
    public void Lone_process_with_the_control_session_is_no_side()
    {
        table.Connect(d, alone: true);
        var question = table.Loss(b, 1, [c], a);
        table.Advance(700);

        Assert.Equal(Verdict.Stay, table.Verdict(question));
        Assert.Empty(table.Challenges);
        Assert.NotNull(table.Session);
    }

    [Fact]
    public void Member_with_an_older_generation_is_told_who_was_removed()
    {
        table.Disconnect();
        table.Loss(b, 1, [c], a);
        table.Advance(700);

        foreach (var generation in (long[])[0, 1])
        {
            var answer = table.Answer(table.Loss(c, generation, [b], d));
            Assert.Equal((Verdict.Stay, 2L), (answer.Verdict, answer.Group.Generation));
            Assert.Equal([a.Id], answer.Group.Removed);
        }

        Assert.Equal(2, table.Store.Record.Generation);
    }

    [Fact]
    public void Member_of_an_earlier_group_that_knows_nobody_of_this_one_leaves()
    {
        var (old, older) = (Replica.Of("old"), Replica.Of("older"));

        Assert.Equal(Verdict.Leave, table.Verdict(table.Loss(old, 0, [], older)));
        Assert.Equal(1, table.Store.Record.Generation);

        // One that nobody has reported yet, but that knows members, is one of them.
        Assert.Equal(Verdict.Stay, table.Verdict(table.Loss(d, 0, [b], a)));
    }

    [Fact]
    public void Nothing_is_decided_when_all_that_are_missed_were_removed_already()
    {
        table.Disconnect();
        table.Loss(b, 1, [c], a);
        table.Advance(700);

        var answer = table.Answer(table.Loss(c, 2, [b], a));

        Assert.Equal(Verdict.Stay, answer.Verdict);
        Assert.Equal(1 + 1, table.Commits);
    }

    [Fact]
    public void Group_that_no_store_knows_is_decided_about_as_its_members_see_it()
    {
        table.Store.Record = GroupRecord.None;
        var restored = new GroupTable(table.Store);
        var question = restored.Loss(b, 5, [c], a);
        restored.Advance(700);

        Assert.Equal((Verdict.Stay, 6L), (restored.Verdict(question), restored.Store.Record.Generation));
        Assert.Equal([a.Id], restored.Store.Record.Removed);
    }

    [Fact]
    public void Member_that_was_removed_is_told_to_leave_whatever_it_asks()
    {
        table.Disconnect();
        table.Loss(b, 1, [c], a);
        table.Advance(700);

        Assert.Equal(Verdict.Leave, table.Verdict(table.Loss(a, 0, [b, c])));
        Assert.Equal(Verdict.Leave, table.Verdict(table.Loss(a, 2, [], b, c)));
        Assert.Equal(Verdict.Leave, table.Verdict(table.Loss(a, 9, [], b, c)));
        Assert.Equal(Verdict.Leave, table.Verdict(table.Form(a)));
    }

    [Fact]
    public void Store_that_fails_decides_nothing_and_the_next_question_begins_anew()
    {
        table.Disconnect();
        table.StoresAtOnce = false;
        var (first, second) = (table.Loss(b, 1, [c], a), table.Loss(c, 1, [b], a));
        table.Advance(700);
        table.FailOne();
        Assert.IsType<GroupEffect.Refuse>(table.Answers[first]);
        Assert.IsType<GroupEffect.Refuse>(table.Answers[second]);
        Assert.Equal(1, table.Store.Record.Generation);

        var again = table.Loss(b, 1, [c], a);
        table.Advance(690);
        Assert.False(table.HasUnstored);
        table.Advance(10);
        table.StoreOne();

        Assert.Equal(Verdict.Stay, table.Verdict(again));
    }

    [Fact]
    public void Decision_of_another_process_of_the_server_is_the_answer_when_it_was_faster()
    {
        var other = new GroupTable(table.Store);
        table.Disconnect();
        var here = table.Loss(b, 1, [], a, c);
        var there = other.Loss(c, 1, [], a, b);
        table.StoresAtOnce = false;
        table.Advance(700);
        other.Advance(700);
        Assert.Equal(Verdict.Stay, other.Verdict(there));

        table.StoreOne();

        Assert.Equal(Verdict.Leave, table.Verdict(here));
        Assert.Equal(2, table.Store.Record.Generation);
        Assert.Empty(table.Records.Skip(1));
    }

    [Fact]
    public void Member_that_another_process_of_the_server_has_noted_is_a_member_here_too()
    {
        var (joined, other) = (Replica.Of("d"), new GroupTable(table.Store));
        other.Learn();
        table.Report(a, b, c, joined);
        Assert.Equal(1, table.Store.Record.Generation);

        // It has heard of no generation yet, and reaches only itself.
        var asked = other.Loss(joined, 0, []);

        Assert.Equal(Verdict.Stay, other.Verdict(asked));
    }

    [Fact]
    public void Questions_that_come_while_a_decision_is_being_stored_are_answered_by_it()
    {
        table.Disconnect();
        table.StoresAtOnce = false;
        table.Loss(b, 1, [c], a);
        table.Advance(700);
        var late = table.Loss(a, 1, [], b, c);
        Assert.Null(table.Verdict(late));
        table.StoreOne();

        Assert.Equal(Verdict.Leave, table.Verdict(late));
        Assert.Equal(2, table.Store.Record.Generation);
    }

    [Fact]
    public void One_who_keeps_losing_members_keeps_the_group()
    {
        table.Loss(a, 1, [b], c);
        table.Advance(700);
        var question = table.Loss(a, 2, [], b);
        table.Advance(700);

        Assert.Equal((Verdict.Stay, 3L), (table.Verdict(question), table.Store.Record.Generation));
        Assert.Equal([c.Id, b.Id], table.Store.Record.Removed);
        Assert.Equal([a.Member], table.Store.Record.Members);
    }
}
