using System.Collections.Immutable;
using System.Security.Cryptography;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Grpc.Core;

namespace Connector.Server.Control;

/// <summary>
/// The claim rules: (state, input, now) → (state, effects). Pure; ConnectorActor carries the effects out. The texts "connector is already connected" and
/// "connector deleted" are part of the wire protocol: peers compare them.
/// </summary>
internal static class ClaimDecision
{
    public const string AlreadyConnected = "connector is already connected";
    public const string ConnectorDeleted = "connector deleted";
    private const int MaxReportedClaimers = 32;

    /// <summary>A claim arrived. The store is asked about its token first, so that a revocation from now on finds the claim here.</summary>
    public static Decision Claimed(ConnectorSessionState state, Claim claim, ClaimRules rules)
    {
        if (state.PendingClaims >= rules.MaxPendingClaims)
        {
            return Refuse(
                state, claim, StatusCode.ResourceExhausted, $"{state.PendingClaims} claims of this connector are waiting for their decision already; try again later");
        }

        return Decision.Of(state with { Checking = state.Checking.Add(claim) }, new SessionEffect.CheckToken(claim));
    }

    public static Decision TokenChecked(ConnectorSessionState state, long streamId, TokenStanding standing, ClaimRules rules, DateTimeOffset now)
    {
        if (state.Checking.Find(claim => claim.StreamId == streamId) is not { } claim)
        {
            return Decision.Of(state);
        }

        var rest = state with { Checking = state.Checking.Remove(claim) };
        return standing switch
        {
            TokenStanding.Valid when IsRemoved(state, claim) => Decision.Of(rest, RemovedEnd(claim)),
            TokenStanding.Valid when claim.TokenExpiresAt <= now => Decision.Of(rest, TokenEnd(claim, "the token has expired")),
            TokenStanding.Valid => Arrive(rest, claim, rules, now),
            TokenStanding.Revoked => Decision.Of(rest, TokenEnd(claim, "the token was revoked")),
            TokenStanding.ConnectorDeleted => Decision.Of(rest, DeletedEnd(claim)),
            _ => Decision.Of(rest, TokenEnd(claim, "the token is not known to this control plane")),
        };
    }

    public static Decision TokenCheckFailed(ConnectorSessionState state, long streamId)
        => state.Checking.Find(claim => claim.StreamId == streamId) is { } claim
            ? Refuse(
                state with { Checking = state.Checking.Remove(claim) }, claim, StatusCode.Unavailable, "the control plane could not check the token; try again later")
            : Decision.Of(state);

    /// <summary>Something was received on the live stream.</summary>
    public static ConnectorSessionState Heard(ConnectorSessionState state, long streamId, DateTimeOffset at)
        => state.Live is { } live && live.Claim.StreamId == streamId && at > live.LastHeard ? state with { Live = live with { LastHeard = at } } : state;

    public static Decision ChallengeAnswered(ConnectorSessionState state, long streamId, ReadOnlySpan<byte> nonce, ClaimRules rules, DateTimeOffset now)
    {
        if (state is not { Live: { } live, Challenger: { } challenger }
            || live.Claim.StreamId != streamId
            || !CryptographicOperations.FixedTimeEquals(challenger.ChallengeNonce.AsSpan(), nonce))
        {
            return Decision.Of(state);
        }

        return LiveProved(Heard(state, streamId, now), rules, now);
    }

    public static Decision ChallengeExpired(ConnectorSessionState state, long attempt)
    {
        if (state is not { Live: { } live, Challenger: { } challenger } || state.Attempt != attempt)
        {
            return Decision.Of(state);
        }

        return Fence(state, live, "it did not answer a challenge").Then(fenced => Commit(fenced with { Challenger = null }, challenger));
    }

    public static Decision EpochRaised(ConnectorSessionState state, long attempt, SessionEpoch epoch, ClaimRules rules, DateTimeOffset now)
    {
        if (state.Attempt != attempt)
        {
            return Decision.Of(state);
        }

        // A decision about the group has raised it further meanwhile: this epoch is over already.
        if (state.Epoch is { } known && epoch.CompareTo(known) < 0)
        {
            return EpochOvertaken(state, attempt, known, rules, now);
        }

        // The claim may have gone meanwhile (its stream ended, its token was revoked): the epoch counts all the same.
        var raised = state with { Epoch = epoch, Raising = false };
        if (state.Committing is not { } claim)
        {
            return Next(raised, rules, now);
        }

        var session = new LiveSession(claim, epoch, now, now);
        return Decision.Of(
                raised with { Committing = null, Live = session, ReportedClaimers = [] },
                new SessionEffect.Accept(session),
                new SessionEffect.Record("info", $"control session opened by {claim.Describe()}, epoch {epoch}"))
            .Then(accepted => Next(accepted, rules, now));
    }

    /// <summary>Another control plane process has raised the epoch: the session is there.</summary>
    public static Decision EpochOvertaken(ConnectorSessionState state, long attempt, SessionEpoch stored, ClaimRules rules, DateTimeOffset now)
    {
        if (state.Attempt != attempt)
        {
            return Decision.Of(state);
        }

        var known = state with { Epoch = stored, Raising = false };

        // Known here before the store said so: not another claim, but a decision about the group has raised it.
        if (state.Epoch == stored && state.Committing is { } again)
        {
            return Commit(known, again);
        }

        return state.Committing is { } claim
            ? Refuse(known with { Committing = null }, claim, StatusCode.AlreadyExists, $"{AlreadyConnected}: another claim was faster (epoch {stored})")
                .Then(refused => Next(refused, rules, now))
            : Next(known, rules, now);
    }

    public static Decision EpochFailed(ConnectorSessionState state, long attempt, ClaimRules rules, DateTimeOffset now)
    {
        if (state.Attempt != attempt)
        {
            return Decision.Of(state);
        }

        // Whether the store committed is not known; the next commit reads the epoch again.
        var unknown = state with { Epoch = null, Raising = false };
        return state.Committing is { } claim
            ? Refuse(unknown with { Committing = null }, claim, StatusCode.Unavailable, "the control plane could not commit the control session; try again later")
                .Then(refused => Next(refused, rules, now))
            : Next(unknown, rules, now);
    }

    /// <summary>A write of the live session was refused because a newer epoch exists.</summary>
    public static Decision Overtaken(ConnectorSessionState state, long streamId, SessionEpoch stored, ClaimRules rules, DateTimeOffset now)
        => state.Live is { } live && live.Claim.StreamId == streamId
            ? Fence(state with { Epoch = stored }, live, $"a newer control session exists (epoch {stored})").Then(fenced => LiveGone(fenced, rules, now))
            : Decision.Of(state);

    /// <summary>A stream ended by itself: the peer closed it or the connection broke.</summary>
    public static Decision StreamEnded(ConnectorSessionState state, long streamId, string reason, ClaimRules rules, DateTimeOffset now)
    {
        if (state.Live is { } live && live.Claim.StreamId == streamId)
        {
            return Decision.Of(
                    state with { Live = null },
                    new SessionEffect.Record("info", $"control session of {live.Claim.Describe()} ended, epoch {live.Epoch}: {reason}"))
                .Then(gone => LiveGone(gone, rules, now));
        }

        var rest = Without(state, claim => claim.StreamId == streamId);
        return Next(rest, rules, now);
    }

    /// <summary>It was decided who is a member of the group: whoever was removed has no control session, and gets none.</summary>
    /// <param name="commit">What this process stored; null for a decision of another.</param>
    public static Decision GroupDecided(ConnectorSessionState state, GroupRecord record, GroupCommit? commit, ClaimRules rules, DateTimeOffset now)
    {
        var known = state with { Removed = [.. record.Removed] };

        // An epoch that it did not raise itself may be another claim's, whose result is on its way.
        if (commit is { } stored && (stored.Fenced || known is { Epoch: null, Raising: false }) && (known.Epoch is not { } before || before.CompareTo(stored.Epoch) < 0))
        {
            known = known with { Epoch = stored.Epoch };
        }
        else if (commit is null && known.Live is { } live && IsRemoved(known, live.Claim))
        {
            // Raised by the other process with its decision; the next commit reads it again.
            known = known with { Epoch = null };
        }

        return EndClaims(
            known, claim => IsRemoved(known, claim), RemovedEnd, $"its leader was removed from the group (generation {record.Generation})", rules, now);
    }

    public static Decision TokenRevoked(ConnectorSessionState state, string tokenId, ClaimRules rules, DateTimeOffset now)
        => EndToken(state, claim => claim.TokenId == tokenId, "the token was revoked", rules, now);

    public static Decision Deleted(ConnectorSessionState state)
    {
        var effects = ImmutableArray.CreateBuilder<SessionEffect>();
        foreach (var claim in All(state))
        {
            effects.Add(DeletedEnd(claim));
        }

        return new Decision(Without(state, _ => true) with { Live = null }, effects.ToImmutable());
    }

    /// <summary>Time passed: a silent session and expired tokens are ended also when nobody claims.</summary>
    public static Decision Tick(ConnectorSessionState state, ClaimRules rules, DateTimeOffset now)
    {
        var decision = EndToken(state, claim => claim.TokenExpiresAt <= now, "the token has expired", rules, now);
        if (decision.State.Live is not { } live || !IsSilent(live, rules, now))
        {
            return decision;
        }

        var reason = SilenceOf(rules);
        return decision.Then(before => Decision.Of(
                before with { Live = null },
                new SessionEffect.End(live.Claim.StreamId, StatusCode.Unavailable, $"{reason}; connect again"),
                new SessionEffect.Record("warn", $"control session of {live.Claim.Describe()} ended, epoch {live.Epoch}: {reason}")))
            .Then(silent => LiveGone(silent, rules, now));
    }

    /// <summary>A claim whose token is good.</summary>
    private static Decision Arrive(ConnectorSessionState state, Claim claim, ClaimRules rules, DateTimeOffset now)
    {
        if (state.Raising)
        {
            return Decision.Of(state with { Waiting = state.Waiting.Add(claim) });
        }

        if (state.Challenger is null)
        {
            return Decide(state, claim, rules, now);
        }

        // The live process itself comes back while another challenges it: that proves that it lives, so the challengers have lost.
        return state.Live is { } live && claim.IsSameProcessAs(live.Claim)
            ? RefuseChallengers(state).Then(rest => Decide(rest, claim, rules, now))
            : Decision.Of(state with { Waiting = state.Waiting.Add(claim) });
    }

    /// <summary>One row of the table. Nothing is being challenged or committed.</summary>
    private static Decision Decide(ConnectorSessionState state, Claim claim, ClaimRules rules, DateTimeOffset now)
    {
        if (state.Live is not { } live)
        {
            return Commit(state, claim);
        }

        if (IsSilent(live, rules, now))
        {
            return Fence(state, live, SilenceOf(rules)).Then(fenced => Commit(fenced, claim));
        }

        if (claim.IsSameProcessAs(live.Claim))
        {
            return Decision.Of(
                    state with { Live = null }, new SessionEffect.End(live.Claim.StreamId, StatusCode.Aborted, "replaced by a newer control stream of this process"))
                .Then(replaced => Commit(replaced, claim));
        }

        if (!live.Claim.Challengeable)
        {
            return RefuseAsConnected(state, live, claim);
        }

        var attempt = state.Attempt + 1;
        return Decision.Of(
            state with { Challenger = claim, Attempt = attempt },
            new SessionEffect.SendChallenge(attempt, live.Claim.StreamId, claim.ChallengeNonce));
    }

    private static Decision Commit(ConnectorSessionState state, Claim claim)
    {
        var attempt = state.Attempt + 1;
        return Decision.Of(
            state with { Committing = claim, Raising = true, Attempt = attempt }, new SessionEffect.RaiseEpoch(attempt, claim, state.Epoch));
    }

    private static Decision Fence(ConnectorSessionState state, LiveSession live, string reason)
        => Decision.Of(
            state with { Live = null },
            new SessionEffect.End(live.Claim.StreamId, StatusCode.Aborted, $"this control session was fenced: {reason}"),
            new SessionEffect.Record("warn", $"control session of {live.Claim.Describe()} was fenced, epoch {live.Epoch}: {reason}"));

    /// <summary>The live session has shown that it lives: whoever challenged it, or waits to, is refused.</summary>
    private static Decision LiveProved(ConnectorSessionState state, ClaimRules rules, DateTimeOffset now)
        => RefuseChallengers(state).Then(rest => Next(rest, rules, now));

    private static Decision RefuseChallengers(ConnectorSessionState state)
    {
        var live = state.Live!;
        var refused = state.Waiting.FindAll(claim => !claim.IsSameProcessAs(live.Claim));
        if (state.Challenger is { } challenger)
        {
            refused = refused.Insert(0, challenger);
        }

        var decision = Decision.Of(state with { Challenger = null, Waiting = state.Waiting.RemoveAll(claim => !claim.IsSameProcessAs(live.Claim)) });
        foreach (var claim in refused)
        {
            decision = decision.Then(rest => RefuseAsConnected(rest, live, claim));
        }

        return decision;
    }

    private static Decision RefuseAsConnected(ConnectorSessionState state, LiveSession live, Claim claim)
    {
        var cloned = claim.SharesKeyWith(live.Claim);
        var reason = cloned
            ? $"{AlreadyConnected}: another running process has the same replica key, so its state directory was copied; give each replica a state directory of its own"
            : $"{AlreadyConnected}: {live.Claim.Describe()} holds the control session";
        var refusal = Refuse(state, claim, StatusCode.AlreadyExists, reason);
        if (state.ReportedClaimers.Contains(claim.Claimer) || state.ReportedClaimers.Count >= MaxReportedClaimers)
        {
            return refusal;
        }

        var record = cloned
            ? new SessionEffect.Record(
                "error",
                $"cloned state directory: {claim.Describe()} was refused, because {live.Claim.Describe()} runs with the same replica key; give each replica a state directory of its own")
            : new SessionEffect.Record("warn", $"a second control session was refused: {claim.Describe()} claimed while {live.Claim.Describe()} is connected");
        return new Decision(
            refusal.State with { ReportedClaimers = state.ReportedClaimers.Add(claim.Claimer) }, refusal.Effects.Add(record));
    }

    private static Decision Refuse(ConnectorSessionState state, Claim claim, StatusCode code, string reason)
        => Decision.Of(
            state with { Refusals = state.Refusals + 1 }, new SessionEffect.End(claim.StreamId, code, reason, ClaimRules.RetrySlot(state.Refusals)));

    /// <summary>Nobody is live any more. A challenger has won by that.</summary>
    private static Decision LiveGone(ConnectorSessionState state, ClaimRules rules, DateTimeOffset now)
        => state.Challenger is { } challenger ? Commit(state with { Challenger = null }, challenger) : Next(state, rules, now);

    /// <summary>Decides waiting claims until one needs an answer from outside.</summary>
    private static Decision Next(ConnectorSessionState state, ClaimRules rules, DateTimeOffset now)
    {
        var decision = Decision.Of(state);
        while (decision.State is { Raising: false, Challenger: null, Waiting: [var claim, ..] })
        {
            decision = decision.Then(rest => Decide(rest with { Waiting = rest.Waiting.RemoveAt(0) }, claim, rules, now));
        }

        return decision;
    }

    private static Decision EndToken(ConnectorSessionState state, Func<Claim, bool> concerned, string reason, ClaimRules rules, DateTimeOffset now)
        => EndClaims(state, concerned, claim => TokenEnd(claim, reason), reason, rules, now);

    private static Decision EndClaims(
        ConnectorSessionState state, Func<Claim, bool> concerned, Func<Claim, SessionEffect.End> endOf, string reason, ClaimRules rules, DateTimeOffset now)
    {
        var ended = All(state).Where(concerned).ToImmutableArray();
        if (ended.IsEmpty)
        {
            return Decision.Of(state);
        }

        var rest = Without(state, concerned);
        var effects = ended.Select(SessionEffect (claim) => endOf(claim)).ToImmutableArray();
        if (state.Live is { } live && concerned(live.Claim))
        {
            effects = effects.Add(new SessionEffect.Record("warn", $"control session of {live.Claim.Describe()} ended, epoch {live.Epoch}: {reason}"));
            return new Decision(rest with { Live = null }, effects).Then(gone => LiveGone(gone, rules, now));
        }

        return new Decision(rest, effects).Then(gone => Next(gone, rules, now));
    }

    private static IEnumerable<Claim> All(ConnectorSessionState state)
    {
        if (state.Live is { } live)
        {
            yield return live.Claim;
        }

        if (state.Committing is { } committing)
        {
            yield return committing;
        }

        if (state.Challenger is { } challenger)
        {
            yield return challenger;
        }

        foreach (var claim in state.Checking.Concat(state.Waiting))
        {
            yield return claim;
        }
    }

    /// <summary>Removes pending claims; the live session is the caller's business.</summary>
    private static ConnectorSessionState Without(ConnectorSessionState state, Func<Claim, bool> concerned)
        => state with
        {
            Checking = state.Checking.RemoveAll(claim => concerned(claim)),
            Waiting = state.Waiting.RemoveAll(claim => concerned(claim)),
            Challenger = state.Challenger is { } challenger && concerned(challenger) ? null : state.Challenger,
            Committing = state.Committing is { } committing && concerned(committing) ? null : state.Committing,
        };

    internal static bool IsSilent(LiveSession live, ClaimRules rules, DateTimeOffset now) => now - live.LastHeard >= rules.SilenceLimit;

    private static string SilenceOf(ClaimRules rules) => $"nothing was heard of it for {rules.SilenceLimit.TotalSeconds:0} s (3 heartbeat intervals)";

    private static bool IsRemoved(ConnectorSessionState state, Claim claim) => claim.GroupBootId is { } id && state.Removed.Contains(id);

    private static SessionEffect.End RemovedEnd(Claim claim)
        => new(claim.StreamId, StatusCode.Aborted, "this replica was removed from its group; it may join again under a new group boot id");

    private static SessionEffect.End TokenEnd(Claim claim, string reason) => new(claim.StreamId, StatusCode.Unauthenticated, reason);

    private static SessionEffect.End DeletedEnd(Claim claim) => new(claim.StreamId, StatusCode.Cancelled, ConnectorDeleted);
}
