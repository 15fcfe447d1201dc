using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Connector.Server.Store;
using Grpc.Core;
using Xunit;

namespace Connector.Tests.Server.Control;

/// <summary>What a decision about the group does to claims and to the control session, without actors.</summary>
[Trait("kind", Kinds.Pure)]
public sealed class ClaimOfMembersTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly ClaimRules Rules = new(TimeSpan.FromSeconds(10), 8);
    private readonly GroupBootId a = GroupBootId.New();
    private readonly GroupBootId b = GroupBootId.New();
    private ConnectorSessionState state = ConnectorSessionState.Empty with { Epoch = new SessionEpoch(6) };

    [Fact]
    public void Claim_of_a_removed_member_is_refused_for_good()
    {
        Decide(null, a);

        var end = Assert.IsType<SessionEffect.End>(Assert.Single(Arrive(1, a)));

        Assert.Equal((1, StatusCode.Aborted, null), (end.StreamId, end.Code, end.RetryAfter));
        Assert.StartsWith("this replica was removed from its group", end.Reason, StringComparison.Ordinal);
        Assert.True(state.IsIdle);
        Assert.Single(Arrive(2, b).OfType<SessionEffect.RaiseEpoch>());
    }

    [Fact]
    public void Lone_replica_is_nobody_that_can_be_removed()
    {
        Decide(null, a);

        Assert.Single(Arrive(1, null).OfType<SessionEffect.RaiseEpoch>());
    }

    [Fact]
    public void Session_of_who_was_removed_ends_once_and_the_next_claim_goes_on_from_the_raised_epoch()
    {
        MakeLive(1, a, 7);

        var effects = Decide(new GroupCommit(new SessionEpoch(8), true), a);

        var end = Assert.Single(effects.OfType<SessionEffect.End>());
        Assert.Equal((1, StatusCode.Aborted), (end.StreamId, end.Code));
        var record = Assert.Single(effects.OfType<SessionEffect.Record>());
        Assert.Equal("warn", record.Severity);
        Assert.Contains("its leader was removed from the group (generation 1)", record.Message, StringComparison.Ordinal);
        Assert.Equal(new SessionEpoch(8), state.Epoch);
        Assert.Empty(Decide(null, a));
        Assert.Equal(new SessionEpoch(8), Assert.Single(Arrive(2, b).OfType<SessionEffect.RaiseEpoch>()).Expected);
    }

    [Fact]
    public void Session_of_who_stays_is_left_alone()
    {
        MakeLive(1, b, 7);

        Assert.Empty(Decide(new GroupCommit(new SessionEpoch(7), false), a));
        Assert.Equal((1, new SessionEpoch(7)), (state.Live!.Claim.StreamId, state.Epoch!.Value));
    }

    [Fact]
    public void Session_that_another_process_removed_leaves_an_epoch_that_is_read_again()
    {
        MakeLive(1, a, 7);

        Decide(null, a);

        Assert.Null(Assert.Single(Arrive(2, b).OfType<SessionEffect.RaiseEpoch>()).Expected);
    }

    [Fact]
    public void Challenger_of_who_was_removed_gets_the_session()
    {
        MakeLive(1, a, 7);
        Assert.Single(Arrive(2, b).OfType<SessionEffect.SendChallenge>());

        var effects = Decide(new GroupCommit(new SessionEpoch(8), true), a);

        var raise = Assert.Single(effects.OfType<SessionEffect.RaiseEpoch>());
        Assert.Equal((2, new SessionEpoch(8)), (raise.Claim.StreamId, raise.Expected!.Value));
    }

    [Fact]
    public void Every_pending_claim_of_who_was_removed_is_refused_and_the_others_go_on()
    {
        MakeLive(1, null, 7);
        Arrive(2, a);
        Arrive(3, a);
        Arrive(4, b);
        Take(ClaimDecision.Claimed(state, Claim(5, a), Rules));

        var effects = Decide(null, a);

        Assert.Equal([2L, 3L, 5L], effects.OfType<SessionEffect.End>().Select(end => end.StreamId).Order());
        Assert.All(effects.OfType<SessionEffect.End>(), end => Assert.Equal(StatusCode.Aborted, end.Code));
        Assert.Equal(4, state.Challenger!.StreamId);
        Assert.NotNull(state.Live);
    }

    [Fact]
    public void Claim_whose_epoch_is_being_committed_is_refused_and_never_accepted()
    {
        var raise = Assert.Single(Arrive(1, a).OfType<SessionEffect.RaiseEpoch>());
        var end = Assert.IsType<SessionEffect.End>(Assert.Single(Decide(new GroupCommit(new SessionEpoch(8), true), a)));
        Assert.Equal((1, StatusCode.Aborted), (end.StreamId, end.Code));

        // It came first, and the decision has raised it further.
        Assert.Empty(Take(ClaimDecision.EpochRaised(state, raise.Attempt, new SessionEpoch(7), Rules, Now)));

        Assert.Null(state.Live);
        Assert.Equal((new SessionEpoch(8), true), (state.Epoch!.Value, state.IsIdle));
    }

    [Fact]
    public void Claim_that_a_decision_has_overtaken_is_committed_again()
    {
        var raise = Assert.Single(Arrive(1, b).OfType<SessionEffect.RaiseEpoch>());
        Decide(new GroupCommit(new SessionEpoch(7), true), a);

        var again = Assert.Single(Take(ClaimDecision.EpochOvertaken(state, raise.Attempt, new SessionEpoch(7), Rules, Now)).OfType<SessionEffect.RaiseEpoch>());

        Assert.Equal((1, new SessionEpoch(7)), (again.Claim.StreamId, again.Expected!.Value));
        Assert.Equal(new SessionEpoch(8), Assert.Single(Take(ClaimDecision.EpochRaised(state, again.Attempt, new SessionEpoch(8), Rules, Now)).OfType<SessionEffect.Accept>()).Session.Epoch);
    }

    [Fact]
    public void Epoch_that_a_decision_only_saw_is_not_taken_for_its_own()
    {
        var raise = Assert.Single(Arrive(1, b).OfType<SessionEffect.RaiseEpoch>());
        Decide(new GroupCommit(new SessionEpoch(7), false), a);

        // Another claim, in another process, has raised it.
        var end = Assert.Single(Take(ClaimDecision.EpochOvertaken(state, raise.Attempt, new SessionEpoch(7), Rules, Now)).OfType<SessionEffect.End>());

        Assert.Equal(StatusCode.AlreadyExists, end.Code);
    }

    [Fact]
    public void Replica_that_comes_back_under_a_new_group_boot_id_replaces_its_own_session()
    {
        MakeLive(1, a, 7);

        var effects = Arrive(2, b, key: "key-1");

        Assert.Equal(1, Assert.Single(effects.OfType<SessionEffect.End>()).StreamId);
        Assert.Single(effects.OfType<SessionEffect.RaiseEpoch>());
    }

    private static Claim Claim(long streamId, GroupBootId? group, string? key = null)
        => new(
            streamId, "token", null, new ClaimIdentity(new ReplicaId($"replica-{streamId}"), new BootId(Guid.Empty), new KeyThumbprint(key ?? $"key-{streamId}")), true,
            [(byte)streamId], "192.0.2.1")
        {
            GroupBootId = group,
        };

    private ImmutableArray<SessionEffect> Decide(GroupCommit? commit, params GroupBootId[] removed)
        => Take(ClaimDecision.GroupDecided(state, GroupRecord.None.Decide(1, [], removed, null), commit, Rules, Now));

    private ImmutableArray<SessionEffect> Arrive(long streamId, GroupBootId? group, string? key = null)
    {
        Take(ClaimDecision.Claimed(state, Claim(streamId, group, key), Rules));
        return Take(ClaimDecision.TokenChecked(state, streamId, TokenStanding.Valid, Rules, Now));
    }

    private void MakeLive(long streamId, GroupBootId? group, long epoch)
    {
        var raise = Assert.Single(Arrive(streamId, group).OfType<SessionEffect.RaiseEpoch>());
        Take(ClaimDecision.EpochRaised(state, raise.Attempt, new SessionEpoch(epoch), Rules, Now));
        Assert.Equal(streamId, state.Live!.Claim.StreamId);
    }

    private ImmutableArray<SessionEffect> Take(Decision decision)
    {
        state = decision.State;
        return decision.Effects;
    }
}
