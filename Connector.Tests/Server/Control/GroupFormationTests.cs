using Connector.Server.Control;
using Connector.Server.Store;
using Xunit;
using static Connector.Protocol.Control.Wire.GroupVerdict.Types;
using static Connector.Tests.Server.Control.GroupTable;

namespace Connector.Tests.Server.Control;

/// <summary>May I form the group? Every row, without actors.</summary>
[Trait("kind", Kinds.Pure)]
public sealed class GroupFormationTests
{
    private readonly GroupTable table = new();
    private readonly Replica a = Replica.Of("a");
    private readonly Replica b = Replica.Of("b");
    private readonly Replica c = Replica.Of("c");

    [Fact]
    public void First_asker_may_form_once_that_is_stored()
    {
        table.StoresAtOnce = false;
        var question = table.Form(a);
        Assert.Null(table.Verdict(question));

        table.StoreOne();

        Assert.Equal((Verdict.MayForm, 1L), (table.Answer(question).Verdict, table.Answer(question).Group.Generation));
        Assert.Equal([a.Member], table.Store.Record.Members);
        Assert.Equal(new GroupGrant(a.Id, table.Now), table.Store.Record.Grant);
        Assert.Contains("replica a may form it", Assert.Single(table.Records), StringComparison.Ordinal);
    }

    [Fact]
    public void Same_asker_gets_the_same_generation_again()
    {
        table.Form(a);
        table.Advance(60_000);

        var again = table.Answer(table.Form(a));

        Assert.Equal((Verdict.MayForm, 1L), (again.Verdict, again.Group.Generation));
        Assert.Equal(1, table.Commits);
    }

    [Fact]
    public void Another_asker_joins_for_ten_seconds_and_then_takes_the_place_of_the_first()
    {
        table.Form(a);
        table.Advance(9_900);
        var early = table.Answer(table.Form(b));
        Assert.Equal(Verdict.Join, early.Verdict);
        Assert.Contains("replica a was allowed to form the group", early.Reason, StringComparison.Ordinal);

        table.Advance(200);

        var late = table.Answer(table.Form(b));
        Assert.Equal((Verdict.MayForm, 2L), (late.Verdict, late.Group.Generation));
        Assert.Equal([a.Id], table.Store.Record.Removed);
        Assert.Equal(Verdict.Leave, table.Verdict(table.Form(a)));
        Assert.Equal(Verdict.Join, table.Verdict(table.Form(a.Again())));
    }

    [Fact]
    public void First_who_asks_again_or_claims_keeps_its_place()
    {
        table.Form(a);
        table.Advance(8_000);
        table.Form(a);
        table.Advance(8_000);
        Assert.Equal(Verdict.Join, table.Verdict(table.Form(b)));
        table.Claim(a);
        table.Advance(8_000);

        Assert.Equal(Verdict.Join, table.Verdict(table.Form(b)));
        table.Advance(8_000);
        Assert.Equal(Verdict.MayForm, table.Verdict(table.Form(b)));
    }

    [Fact]
    public void Two_who_ask_at_once_form_one_group()
    {
        table.StoresAtOnce = false;
        var (first, second) = (table.Form(a), table.Form(b));
        table.StoreOne();

        Assert.Equal((Verdict.MayForm, Verdict.Join), (table.Verdict(first), table.Verdict(second)));
        Assert.Equal(1, table.Commits);
    }

    [Fact]
    public void Two_who_ask_two_processes_of_the_server_form_one_group()
    {
        var other = new GroupTable(table.Store) { StoresAtOnce = false };
        table.StoresAtOnce = false;
        var (first, second) = (table.Form(a), other.Form(b));
        other.StoreOne();
        table.StoreOne();

        Assert.Equal((Verdict.Join, Verdict.MayForm), (table.Verdict(first), other.Verdict(second)));
        Assert.Equal([b.Member], table.Store.Record.Members);
        Assert.Equal(2, table.Store.History.Count);
    }

    [Fact]
    public void Group_whose_member_has_the_control_session_lives()
    {
        table.Form(a);
        table.Connect(a);
        table.Advance(60_000);

        var answer = table.Answer(table.Form(b));

        Assert.Equal(Verdict.Join, answer.Verdict);
        Assert.Contains("replica a has the control session", answer.Reason, StringComparison.Ordinal);
        Assert.Empty(table.Challenges);
    }

    [Fact]
    public void Group_whose_control_session_ended_is_formed_anew_and_its_members_are_removed()
    {
        table.Form(a);
        table.Connect(a);
        table.Report(a, b);
        table.Advance(60_000);
        table.Disconnect();

        Assert.Equal(Verdict.MayForm, table.Verdict(table.Form(c)));

        Assert.Equal(new[] { a.Id, b.Id }.ToHashSet(), table.Store.Record.Removed.ToHashSet());
        Assert.Equal(Verdict.Leave, table.Verdict(table.Loss(b, 1, [], a)));
    }

    [Fact]
    public void Group_whose_control_session_is_silent_is_formed_anew_and_the_session_ends_with_it()
    {
        table.Form(a);
        table.Connect(a);
        table.Advance(60_000);
        table.GoSilent();

        Assert.Equal(Verdict.MayForm, table.Verdict(table.Form(b)));
        Assert.Null(table.Session);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Session_of_nobody_in_the_group_that_answers_keeps_it_from_being_formed(bool alone)
    {
        table.Connect(b, alone);
        var question = table.Form(a);
        Assert.Null(table.Verdict(question));
        Assert.Single(table.Challenges);

        table.AnswerChallenge();

        Assert.Equal(Verdict.Join, table.Verdict(question));
        Assert.StartsWith("connector is already connected", table.Answer(question).Reason, StringComparison.Ordinal);
        Assert.Equal(0, table.Commits);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Session_of_nobody_in_the_group_that_does_not_answer_within_a_second_is_in_nobodys_way(bool alone)
    {
        table.Connect(b, alone);
        var question = table.Form(a);
        table.Advance(990);
        Assert.Null(table.Verdict(question));

        table.Advance(20);

        Assert.Equal(Verdict.MayForm, table.Verdict(question));
        // One that has a group boot id is fenced by it; a lone one by the claim that follows.
        Assert.Equal(alone ? [] : [b.Id], table.Store.Record.Removed);
        Assert.Equal(alone, table.Session is not null);
    }

    [Fact]
    public void Session_that_ends_while_it_is_challenged_is_in_nobodys_way()
    {
        table.Connect(b, alone: true);
        var question = table.Form(a);
        table.Disconnect();

        Assert.Equal(Verdict.MayForm, table.Verdict(question));
    }

    [Fact]
    public void Session_that_was_accepted_just_now_need_not_prove_it()
    {
        table.Connect(b, alone: true, secondsAgo: 0.5);

        Assert.Equal(Verdict.Join, table.Verdict(table.Form(a)));
        Assert.Empty(table.Challenges);
    }

    [Fact]
    public void Session_that_cannot_be_challenged_keeps_the_group_from_being_formed_until_it_is_silent()
    {
        table.Connect(b, alone: true, challengeable: false);
        Assert.Equal(Verdict.Join, table.Verdict(table.Form(a)));

        table.GoSilent();

        Assert.Equal(Verdict.MayForm, table.Verdict(table.Form(a)));
    }

    [Fact]
    public void Two_who_ask_while_a_session_is_challenged_wait_for_one_challenge()
    {
        table.Connect(c, alone: true);
        var (first, second) = (table.Form(a), table.Form(b));
        Assert.Single(table.Challenges);
        table.Advance(1_000);

        Assert.Equal((Verdict.MayForm, Verdict.Join), (table.Verdict(first), table.Verdict(second)));
    }

    [Fact]
    public void Answer_to_a_challenge_is_good_for_a_moment_only()
    {
        table.Connect(b, alone: true);
        table.Form(a);
        table.AnswerChallenge();
        Assert.Equal(Verdict.Join, table.Verdict(table.Form(a)));
        Assert.Single(table.Challenges);
        table.Advance(2_000);

        table.Form(a);

        Assert.Equal(2, table.Challenges.Count);
    }

    [Fact]
    public void What_an_earlier_group_system_of_the_same_process_left_behind_is_in_nobodys_way()
    {
        table.Form(a);
        table.Connect(a);
        table.Advance(60_000);
        var again = a.Again();

        Assert.Equal(Verdict.MayForm, table.Verdict(table.Form(again)));

        Assert.Empty(table.Challenges);
        Assert.Equal([a.Id], table.Store.Record.Removed);
        Assert.Null(table.Session);
    }

    [Fact]
    public void Members_that_decide_who_stays_are_a_group()
    {
        Grown();
        table.Disconnect();
        table.Loss(b, 1, [], a);

        var answer = table.Answer(table.Form(c));
        Assert.Equal(Verdict.Join, answer.Verdict);
        Assert.Contains("member b", answer.Reason, StringComparison.Ordinal);

        // The one that stays needs a moment to take the control session over.
        table.Advance(5_000);
        Assert.Equal(Verdict.Join, table.Verdict(table.Form(c)));
        table.Advance(6_000);
        Assert.Equal(Verdict.MayForm, table.Verdict(table.Form(c)));
    }

    [Fact]
    public void Asker_that_nobody_reported_as_a_member_is_a_group_too_while_it_asks_who_stays()
    {
        table.Form(a);
        table.Advance(60_000);
        table.Loss(b, 1, [], a);

        Assert.Equal(Verdict.Join, table.Verdict(table.Form(c)));
    }

    [Fact]
    public void Generation_grows_also_over_what_a_restored_store_has_forgotten()
    {
        Assert.Equal(8, table.Answer(table.Form(a, generation: 7)).Group.Generation);
    }

    [Fact]
    public void Store_that_fails_decides_nothing()
    {
        table.StoresAtOnce = false;
        var question = table.Form(a);
        table.FailOne();
        Assert.IsType<GroupEffect.Refuse>(table.Answers[question]);
        Assert.Equal(0, table.Store.Record.Generation);

        var again = table.Form(b);
        table.StoreOne();
        Assert.Equal(Verdict.MayForm, table.Verdict(again));
    }

    [Fact]
    public void Decision_that_was_stored_although_the_store_failed_holds()
    {
        table.StoresAtOnce = false;
        table.Form(a);
        table.FailOne(stored: true);

        Assert.Equal(Verdict.Join, table.Verdict(table.Form(b)));
        Assert.Equal((Verdict.MayForm, 1L), (table.Verdict(table.Form(a)), table.State.Record.Generation));
    }

    [Fact]
    public void Store_that_is_slow_lets_the_asker_wait_and_ask_again()
    {
        table.StoresAtOnce = false;
        var question = table.Form(a);
        table.Advance(1_500);
        Assert.Equal(Verdict.Wait, table.Verdict(question));
        table.StoreOne();

        Assert.Equal(Verdict.MayForm, table.Verdict(table.Form(a)));
        Assert.Equal(1, table.Commits);
    }

    [Fact]
    public void Clock_that_was_set_back_lets_nobody_wait_for_it()
    {
        table.Store.Record = GroupRecord.None.Decide(1, [a.Member], [], new GroupGrant(a.Id, table.Now + TimeSpan.FromHours(1)));

        Assert.Equal(Verdict.MayForm, table.Verdict(table.Form(b)));
    }

    // ---- what the leader reports

    [Fact]
    public void Members_are_as_the_leader_reported_them_last()
    {
        table.Form(a);
        table.Connect(a);
        table.Report(a, b, c);
        Assert.Equal([a.Member, b.Member, c.Member], table.Store.Record.Members);

        table.Connect(b);
        table.Report(b, c);

        Assert.Equal([b.Member, c.Member], table.Store.Record.Members);
        Assert.Equal((1L, 1), (table.Store.Record.Generation, table.Commits));
        table.Advance(60_000);
        Assert.Equal(Verdict.Join, table.Verdict(table.Form(a.Again())));
        Assert.Empty(table.Challenges);
    }

    [Fact]
    public void Who_was_removed_is_no_member_whatever_a_report_says()
    {
        Grown();
        table.Disconnect();
        table.Loss(b, 1, [], a);
        table.Advance(700);
        table.Connect(b);

        table.Report(a, b);

        Assert.Equal([b.Member], table.Store.Record.Members);
        Assert.Equal(2, table.Store.Record.Generation);
    }

    [Fact]
    public void Another_group_that_has_the_control_session_takes_the_place_of_the_one_that_was_decided_about()
    {
        table.Form(a);
        table.Connect(b);

        table.Report(b, c);

        Assert.Equal([b.Member, c.Member], table.Store.Record.Members);
        Assert.Equal(2, table.Store.Record.Generation);
        Assert.Equal(Verdict.Leave, table.Verdict(table.Form(a)));
        Assert.Contains("replicas b, c have the control session; replicas a are not members", table.Records[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Report_while_a_decision_is_being_stored_is_taken_after_it()
    {
        table.Form(a);
        table.Connect(a);
        table.StoresAtOnce = false;
        table.Loss(a, 1, [], b);
        table.Advance(700);
        table.Report(a, b, c);
        Assert.Equal([a.Member], table.State.Record.Members);

        table.StoreOne();

        Assert.Equal([a.Member, c.Member], table.Store.Record.Members);
    }

    /// <summary>a formed the group, has its control session, and b is its other member.</summary>
    private void Grown()
    {
        table.Form(a);
        table.Connect(a);
        table.Report(a, b);
        table.Advance(60_000);
    }
}
