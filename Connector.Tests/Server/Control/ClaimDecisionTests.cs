using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Connector.Server.Store;
using Grpc.Core;
using Xunit;

namespace Connector.Tests.Server.Control;

/// <summary>Every row of the claim table, without actors.</summary>
[Trait("kind", Kinds.Pure)]
public sealed class ClaimDecisionTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);
    private static readonly ClaimRules Rules = new(TimeSpan.FromSeconds(10), 8);
    private static readonly BootId BootA = new(new Guid("aaaaaaaa-0000-0000-0000-000000000001"));
    private static readonly BootId BootB = new(new Guid("bbbbbbbb-0000-0000-0000-000000000001"));

    private ConnectorSessionState state = ConnectorSessionState.Empty with { Epoch = new SessionEpoch(6) };
    private DateTimeOffset now = Start;

    [Fact]
    public void No_session_and_a_valid_token_is_accepted_with_the_next_epoch()
    {
        var raise = Single<SessionEffect.RaiseEpoch>(Arrive(Replica(1, "key-a", BootA)));
        Assert.Equal(new SessionEpoch(6), raise.Expected);
        Assert.Null(state.Live);

        var effects = Take(ClaimDecision.EpochRaised(state, raise.Attempt, new SessionEpoch(7), Rules, now));

        Assert.Equal(new SessionEpoch(7), Single<SessionEffect.Accept>(effects).Session.Epoch);
        Assert.Equal("info", Single<SessionEffect.Record>(effects).Severity);
        Assert.Equal(1, state.Live!.Claim.StreamId);
    }

    [Fact]
    public void Session_silent_for_three_intervals_is_fenced_and_the_claim_accepted()
    {
        MakeLive(Replica(1, "key-a", BootA));
        now += TimeSpan.FromSeconds(30);

        var effects = Arrive(Replica(2, "key-b", BootB));

        var end = Single<SessionEffect.End>(effects);
        Assert.Equal((1, StatusCode.Aborted), (end.StreamId, end.Code));
        Assert.Single(effects.OfType<SessionEffect.RaiseEpoch>());
        Assert.Empty(effects.OfType<SessionEffect.SendChallenge>());
    }

    [Fact]
    public void Session_heard_just_inside_three_intervals_is_challenged()
    {
        MakeLive(Replica(1, "key-a", BootA));
        now += TimeSpan.FromSeconds(29.9);

        Assert.Single(Arrive(Replica(2, "key-b", BootB)).OfType<SessionEffect.SendChallenge>());
    }

    [Fact]
    public void Same_key_and_boot_id_replaces_its_own_stream()
    {
        MakeLive(Replica(1, "key-a", BootA));

        var effects = Arrive(Replica(2, "key-a", BootA, token: "another-token"));

        Assert.Equal((1, StatusCode.Aborted), (Single<SessionEffect.End>(effects).StreamId, Single<SessionEffect.End>(effects).Code));
        Commit(effects, 8);
        Assert.Equal((2, new SessionEpoch(8)), (state.Live!.Claim.StreamId, state.Live.Epoch));
    }

    [Fact]
    public void Another_replica_is_refused_when_the_live_one_answers_the_challenge()
    {
        MakeLive(Replica(1, "key-a", BootA));
        var challenger = Replica(2, "key-b", BootB);
        var challenge = Single<SessionEffect.SendChallenge>(Arrive(challenger));
        Assert.Equal((1, challenger.ChallengeNonce), (challenge.LiveStreamId, challenge.Nonce));

        var effects = Take(ClaimDecision.ChallengeAnswered(state, 1, challenge.Nonce.AsSpan(), Rules, now));

        var end = Single<SessionEffect.End>(effects);
        Assert.Equal((2, StatusCode.AlreadyExists), (end.StreamId, end.Code));
        Assert.Contains("connector is already connected", end.Reason, StringComparison.Ordinal);
        Assert.True(end.RetryAfter > TimeSpan.Zero);
        Assert.Equal(1, state.Live!.Claim.StreamId);
        Assert.Null(state.Challenger);
    }

    [Fact]
    public void Another_replica_takes_over_when_the_challenge_stays_unanswered()
    {
        MakeLive(Replica(1, "key-a", BootA));
        var challenge = Single<SessionEffect.SendChallenge>(Arrive(Replica(2, "key-b", BootB)));

        var effects = Take(ClaimDecision.ChallengeExpired(state, challenge.Attempt));

        // Fenced before the new epoch is asked for, accepted only when it is committed.
        Assert.IsType<SessionEffect.End>(effects[0]);
        Assert.Equal((1, StatusCode.Aborted), (Single<SessionEffect.End>(effects).StreamId, Single<SessionEffect.End>(effects).Code));
        Assert.Empty(effects.OfType<SessionEffect.Accept>());
        Commit(effects, 8);
        Assert.Equal(2, state.Live!.Claim.StreamId);
    }

    [Fact]
    public void Answer_with_another_nonce_or_from_another_stream_counts_for_nothing()
    {
        MakeLive(Replica(1, "key-a", BootA));
        var challenge = Single<SessionEffect.SendChallenge>(Arrive(Replica(2, "key-b", BootB)));

        Assert.Empty(Take(ClaimDecision.ChallengeAnswered(state, 1, new byte[32], Rules, now)));
        Assert.Empty(Take(ClaimDecision.ChallengeAnswered(state, 2, challenge.Nonce.AsSpan(), Rules, now)));
        Assert.Single(Take(ClaimDecision.ChallengeExpired(state, challenge.Attempt)).OfType<SessionEffect.RaiseEpoch>());
    }

    [Fact]
    public void Late_challenge_timeout_of_an_older_attempt_is_dropped()
    {
        MakeLive(Replica(1, "key-a", BootA));
        var first = Single<SessionEffect.SendChallenge>(Arrive(Replica(2, "key-b", BootB)));
        Take(ClaimDecision.ChallengeAnswered(state, 1, first.Nonce.AsSpan(), Rules, now));
        Arrive(Replica(3, "key-b", BootB));

        Assert.Empty(Take(ClaimDecision.ChallengeExpired(state, first.Attempt)));
        Assert.Equal(1, state.Live!.Claim.StreamId);
    }

    [Fact]
    public void Live_client_without_our_features_is_never_challenged_and_keeps_the_session()
    {
        MakeLive(PublicClient(1));

        var effects = Arrive(Replica(2, "key-b", BootB));

        Assert.Equal((2, StatusCode.AlreadyExists), (Single<SessionEffect.End>(effects).StreamId, Single<SessionEffect.End>(effects).Code));
        Assert.Empty(effects.OfType<SessionEffect.SendChallenge>());
    }

    [Fact]
    public void Live_client_without_our_features_goes_by_heartbeat_expiry_only()
    {
        MakeLive(PublicClient(1));
        now += TimeSpan.FromSeconds(20);
        state = ClaimDecision.Heard(state, 1, now);
        now += TimeSpan.FromSeconds(29);
        Assert.Equal(StatusCode.AlreadyExists, Single<SessionEffect.End>(Arrive(PublicClient(2))).Code);

        now += TimeSpan.FromSeconds(1);
        var effects = Arrive(PublicClient(3));

        Assert.Equal((1, StatusCode.Aborted), (Single<SessionEffect.End>(effects).StreamId, Single<SessionEffect.End>(effects).Code));
        Commit(effects, 8);
        Assert.Equal(3, state.Live!.Claim.StreamId);
    }

    [Fact]
    public void Same_key_with_two_boot_ids_both_answering_is_refused_and_reported_as_a_cloned_state_directory()
    {
        MakeLive(Replica(1, "key-a", BootA));
        var challenge = Single<SessionEffect.SendChallenge>(Arrive(Replica(2, "key-a", BootB)));

        var effects = Take(ClaimDecision.ChallengeAnswered(state, 1, challenge.Nonce.AsSpan(), Rules, now));

        Assert.Equal((2, StatusCode.AlreadyExists), (Single<SessionEffect.End>(effects).StreamId, Single<SessionEffect.End>(effects).Code));
        Assert.Contains("connector is already connected", Single<SessionEffect.End>(effects).Reason, StringComparison.Ordinal);
        var record = Single<SessionEffect.Record>(effects);
        Assert.Equal("error", record.Severity);
        Assert.Contains("cloned state directory", record.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Same_key_with_a_new_boot_id_takes_over_when_the_old_process_is_gone()
    {
        MakeLive(Replica(1, "key-a", BootA));
        var challenge = Single<SessionEffect.SendChallenge>(Arrive(Replica(2, "key-a", BootB)));

        var effects = Take(ClaimDecision.ChallengeExpired(state, challenge.Attempt));

        Commit(effects, 8);
        Assert.Equal(2, state.Live!.Claim.StreamId);
    }

    [Theory]
    [InlineData(TokenStanding.Revoked, StatusCode.Unauthenticated, "the token was revoked")]
    [InlineData(TokenStanding.UnknownToken, StatusCode.Unauthenticated, "the token is not known to this control plane")]
    [InlineData(TokenStanding.ConnectorDeleted, StatusCode.Cancelled, "connector deleted")]
    public void Token_that_is_not_in_force_is_refused_with_the_reason_and_nothing_is_recorded(TokenStanding standing, StatusCode code, string reason)
    {
        MakeLive(Replica(1, "key-a", BootA));

        var effects = Arrive(Replica(2, "key-b", BootB), standing);

        var end = Assert.IsType<SessionEffect.End>(Assert.Single(effects));
        Assert.Equal((2, code, reason), (end.StreamId, end.Code, end.Reason));
        Assert.Equal(1, state.Live!.Claim.StreamId);
    }

    [Fact]
    public void Token_that_expired_while_it_was_checked_is_refused()
        => Assert.Equal("the token has expired", Single<SessionEffect.End>(Arrive(Replica(1, "key-a", BootA) with { TokenExpiresAt = now })).Reason);

    [Fact]
    public void Revoked_token_ends_the_live_session_and_every_pending_claim_with_it()
    {
        MakeLive(Replica(1, "key-a", BootA, token: "bad"));
        Arrive(Replica(2, "key-b", BootB, token: "bad"));
        Arrive(Replica(3, "key-c", BootB, token: "good"));

        var effects = Take(ClaimDecision.TokenRevoked(state, "bad", Rules, now));

        Assert.Equal([1L, 2L], effects.OfType<SessionEffect.End>().Select(end => end.StreamId).Order());
        Assert.All(effects.OfType<SessionEffect.End>(), end => Assert.Equal((StatusCode.Unauthenticated, "the token was revoked"), (end.Code, end.Reason)));
        // The one with the good token is next, without a challenge: nobody is live.
        Assert.Equal(3, Single<SessionEffect.RaiseEpoch>(effects).Claim.StreamId);
    }

    [Fact]
    public void Token_revoked_while_its_claim_is_checked_or_committed_never_becomes_a_session()
    {
        Take(ClaimDecision.Claimed(state, Replica(1, "key-a", BootA, token: "bad"), Rules));
        Assert.Equal(StatusCode.Unauthenticated, Single<SessionEffect.End>(Take(ClaimDecision.TokenRevoked(state, "bad", Rules, now))).Code);
        Assert.Empty(Take(ClaimDecision.TokenChecked(state, 1, TokenStanding.Valid, Rules, now)));

        var raise = Single<SessionEffect.RaiseEpoch>(Arrive(Replica(2, "key-a", BootA, token: "worse")));
        Take(ClaimDecision.TokenRevoked(state, "worse", Rules, now));
        Assert.Empty(Take(ClaimDecision.EpochRaised(state, raise.Attempt, new SessionEpoch(7), Rules, now)));
        Assert.Null(state.Live);
        Assert.Equal(new SessionEpoch(7), state.Epoch);
    }

    [Fact]
    public void Expired_token_of_the_live_session_ends_it()
    {
        MakeLive(Replica(1, "key-a", BootA) with { TokenExpiresAt = now + TimeSpan.FromMinutes(1) });
        now += TimeSpan.FromMinutes(1);
        state = ClaimDecision.Heard(state, 1, now);

        Assert.Equal((StatusCode.Unauthenticated, "the token has expired"), EndOf(Take(ClaimDecision.Tick(state, Rules, now))));
    }

    [Fact]
    public void Deleted_connector_ends_everything_with_the_text_the_public_client_compares()
    {
        MakeLive(Replica(1, "key-a", BootA));
        Arrive(Replica(2, "key-b", BootB));
        Arrive(Replica(3, "key-c", BootB));

        var effects = Take(ClaimDecision.Deleted(state));

        Assert.Equal(3, effects.Length);
        Assert.All(effects, effect => Assert.Equal((StatusCode.Cancelled, "connector deleted"), EndOf([effect])));
        Assert.True(state.IsIdle);
    }

    [Fact]
    public void Claims_during_a_challenge_wait_and_are_all_refused_by_its_answer()
    {
        MakeLive(Replica(1, "key-a", BootA));
        var challenge = Single<SessionEffect.SendChallenge>(Arrive(Replica(2, "key-b", BootB)));
        Assert.Empty(Arrive(Replica(3, "key-c", BootB)));
        Assert.Empty(Arrive(Replica(4, "key-d", BootB)));

        var effects = Take(ClaimDecision.ChallengeAnswered(state, 1, challenge.Nonce.AsSpan(), Rules, now));

        var ends = effects.OfType<SessionEffect.End>().ToArray();
        Assert.Equal([2L, 3L, 4L], ends.Select(end => end.StreamId));
        // Each has a slot of its own.
        Assert.Equal(3, ends.Select(end => end.RetryAfter).Distinct().Count());
    }

    [Fact]
    public void Claims_during_a_commit_wait_and_are_decided_against_the_new_session()
    {
        var first = Arrive(Replica(1, "key-a", BootA));
        Assert.Empty(Arrive(Replica(2, "key-b", BootB)));

        var effects = Commit(first, 7);

        Assert.Equal(1, Single<SessionEffect.SendChallenge>(effects).LiveStreamId);
        Assert.Equal(2, state.Challenger!.StreamId);
    }

    [Fact]
    public void Claims_beyond_the_bound_are_refused_at_once()
    {
        for (var i = 1; i <= Rules.MaxPendingClaims; i++)
        {
            Take(ClaimDecision.Claimed(state, Replica(i, $"key-{i}", BootA), Rules));
        }

        Assert.Equal(StatusCode.ResourceExhausted, Single<SessionEffect.End>(Take(ClaimDecision.Claimed(state, Replica(99, "key-x", BootA), Rules))).Code);
        Assert.Equal(Rules.MaxPendingClaims, state.PendingClaims);
    }

    [Fact]
    public void Live_process_that_reconnects_during_a_challenge_has_proved_that_it_lives()
    {
        MakeLive(Replica(1, "key-a", BootA));
        Arrive(Replica(2, "key-b", BootB));

        var effects = Arrive(Replica(3, "key-a", BootA));

        Assert.Equal(
            [(2L, StatusCode.AlreadyExists), (1L, StatusCode.Aborted)], effects.OfType<SessionEffect.End>().Select(end => (end.StreamId, end.Code)));
        Assert.Equal(3, Single<SessionEffect.RaiseEpoch>(effects).Claim.StreamId);
    }

    [Fact]
    public void Live_stream_that_ends_during_a_challenge_gives_way_at_once()
    {
        MakeLive(Replica(1, "key-a", BootA));
        Arrive(Replica(2, "key-b", BootB));

        var effects = Take(ClaimDecision.StreamEnded(state, 1, "the connection broke", Rules, now));

        Assert.Equal(2, Single<SessionEffect.RaiseEpoch>(effects).Claim.StreamId);
    }

    [Fact]
    public void Challenger_that_leaves_lets_the_next_claim_be_decided()
    {
        MakeLive(Replica(1, "key-a", BootA));
        Arrive(Replica(2, "key-b", BootB));
        Arrive(Replica(3, "key-c", BootB));

        var effects = Take(ClaimDecision.StreamEnded(state, 2, "gone", Rules, now));

        Assert.Equal(3, state.Challenger!.StreamId);
        Assert.Equal(state.Challenger.ChallengeNonce, Single<SessionEffect.SendChallenge>(effects).Nonce);
    }

    [Fact]
    public void Claim_overtaken_in_the_store_is_refused_and_the_stored_epoch_learned()
    {
        var raise = Single<SessionEffect.RaiseEpoch>(Arrive(Replica(1, "key-a", BootA)));

        var effects = Take(ClaimDecision.EpochOvertaken(state, raise.Attempt, new SessionEpoch(12), Rules, now));

        Assert.Equal(StatusCode.AlreadyExists, Single<SessionEffect.End>(effects).Code);
        Assert.Equal(new SessionEpoch(12), Single<SessionEffect.RaiseEpoch>(Arrive(Replica(2, "key-a", BootA))).Expected);
    }

    [Fact]
    public void Commit_whose_outcome_is_unknown_reads_the_epoch_again()
    {
        var raise = Single<SessionEffect.RaiseEpoch>(Arrive(Replica(1, "key-a", BootA)));

        Assert.Equal(StatusCode.Unavailable, Single<SessionEffect.End>(Take(ClaimDecision.EpochFailed(state, raise.Attempt, Rules, now))).Code);
        Assert.Null(Single<SessionEffect.RaiseEpoch>(Arrive(Replica(2, "key-a", BootA))).Expected);
    }

    [Fact]
    public void Result_of_an_older_commit_is_dropped()
    {
        var raise = Single<SessionEffect.RaiseEpoch>(Arrive(Replica(1, "key-a", BootA)));
        Assert.Empty(Take(ClaimDecision.EpochRaised(state, raise.Attempt - 1, new SessionEpoch(99), Rules, now)));
        Assert.Null(state.Live);
    }

    [Fact]
    public void Write_refused_by_a_newer_epoch_fences_the_session()
    {
        MakeLive(Replica(1, "key-a", BootA));

        Assert.Equal(StatusCode.Aborted, EndOf(Take(ClaimDecision.Overtaken(state, 1, new SessionEpoch(20), Rules, now))).Code);
        Assert.Null(state.Live);
    }

    [Fact]
    public void Silent_session_ends_also_when_nobody_claims()
    {
        MakeLive(PublicClient(1));
        now += TimeSpan.FromSeconds(29.9);
        Assert.Empty(Take(ClaimDecision.Tick(state, Rules, now)));

        now += TimeSpan.FromSeconds(0.1);

        Assert.Equal(StatusCode.Unavailable, EndOf(Take(ClaimDecision.Tick(state, Rules, now))).Code);
        Assert.True(state.IsIdle);
    }

    [Fact]
    public void Refused_claimer_is_recorded_once_until_the_session_changes()
    {
        MakeLive(PublicClient(1));
        Assert.Single(Arrive(Replica(2, "key-b", BootB)).OfType<SessionEffect.Record>());
        Assert.Empty(Arrive(Replica(3, "key-b", BootB)).OfType<SessionEffect.Record>());
        Assert.Single(Arrive(Replica(4, "key-c", BootB)).OfType<SessionEffect.Record>());

        Take(ClaimDecision.StreamEnded(state, 1, "gone", Rules, now));
        MakeLive(PublicClient(5));

        Assert.Single(Arrive(Replica(6, "key-b", BootB)).OfType<SessionEffect.Record>());
    }

    private static Claim Replica(long streamId, string key, BootId boot, string token = "token")
        => new(
            streamId, token, null, new ClaimIdentity(new ReplicaId($"replica-of-{key}"), boot, new KeyThumbprint(key)), true,
            [.. Enumerable.Repeat((byte)streamId, 32)], "192.0.2.1");

    private static Claim PublicClient(long streamId)
        => new(streamId, "token", null, null, false, [.. Enumerable.Repeat((byte)streamId, 32)], "192.0.2.2");

    private static T Single<T>(ImmutableArray<SessionEffect> effects)
        where T : SessionEffect
        => Assert.Single(effects.OfType<T>());

    private static (StatusCode Code, string Reason) EndOf(ImmutableArray<SessionEffect> effects)
    {
        var end = Single<SessionEffect.End>(effects);
        return (end.Code, end.Reason);
    }

    private ImmutableArray<SessionEffect> Take(Decision decision)
    {
        state = decision.State;
        return decision.Effects;
    }

    private ImmutableArray<SessionEffect> Arrive(Claim claim, TokenStanding standing = TokenStanding.Valid)
    {
        Assert.Equal(claim, Single<SessionEffect.CheckToken>(Take(ClaimDecision.Claimed(state, claim, Rules))).Claim);
        return Take(ClaimDecision.TokenChecked(state, claim.StreamId, standing, Rules, now));
    }

    private ImmutableArray<SessionEffect> Commit(ImmutableArray<SessionEffect> effects, long epoch)
        => Take(ClaimDecision.EpochRaised(state, Single<SessionEffect.RaiseEpoch>(effects).Attempt, new SessionEpoch(epoch), Rules, now));

    private void MakeLive(Claim claim)
    {
        Commit(Arrive(claim), 7);
        Assert.Equal(claim, state.Live!.Claim);
    }
}
