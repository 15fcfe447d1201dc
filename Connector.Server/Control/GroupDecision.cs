using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Grpc.Core;
using Kind = Connector.Protocol.Control.Wire.GroupQuestionBody.Types.Kind;
using Verdict = Connector.Protocol.Control.Wire.GroupVerdict.Types.Verdict;

namespace Connector.Server.Control;

/// <summary>
/// The group rules: (state, input, now) → (state, effects). Pure; GroupVerdicts carries the effects out. Whatever changes who is a member is stored by a
/// compare-and-set on the generation before anybody hears of it, so there is one winner of each generation.
/// </summary>
internal static class GroupDecision
{
    /// <summary>A question arrived; its token is in force and the record was read from the store for it.</summary>
    public static GroupStep Asked(GroupState state, long id, VerifiedQuestion question, GroupSession? session, DateTimeOffset now)
    {
        var known = state;
        var effects = ImmutableArray<GroupEffect>.Empty;
        if (state.Held.Find(held => held.Question.Asker == question.Asker) is { } older)
        {
            known = known with { Held = known.Held.Remove(older) };
            effects = [new GroupEffect.Answer(older.Id, Verdict.Wait, state.Record, "the same member has asked again")];
        }

        // Who asks to form is no sign of a group, but for the one that may.
        if (question.Kind == Kind.Loss || state.Record.Grant?.Holder == question.Asker)
        {
            known = Seen(known, question.Asker, now);
        }

        return new GroupStep(known with { Held = known.Held.Add(new HeldQuestion(id, question, now)) }, effects).Then(asked => Woken(asked, session, now));
    }

    /// <summary>A group system asked or claimed.</summary>
    public static GroupState Seen(GroupState state, GroupBootId id, DateTimeOffset now)
        => state.Record.IsMember(id) ? state with { Signs = state.Signs.SetItem(id, now) } : state;

    /// <summary>The store was read. What was asked under an older record is asked anew under this one.</summary>
    public static GroupState Learned(GroupState state, GroupRecord stored)
        => stored.Generation > state.Record.Generation ? Under(state, stored) : state;

    /// <summary>
    /// The store was read, and nothing was noted here since the reading began: who joined or left within the generation may have been noted by another process.
    /// </summary>
    public static GroupState MembersRead(GroupState state, GroupRecord stored)
        => stored.Generation == state.Record.Generation && !stored.Members.ToHashSet().SetEquals(state.Record.Members) ? Under(state, stored) : state;

    /// <summary>The control session answered the challenge of this attempt.</summary>
    public static GroupStep ChallengeAnswered(GroupState state, long attempt, GroupSession? session, DateTimeOffset now)
        => state.Challenge is { } challenge && challenge.Attempt == attempt
            ? Woken(state with { Challenge = challenge with { Outcome = ChallengeOutcome.Answered, SettledAt = now } }, session, now)
            : GroupStep.Of(state);

    /// <summary>The decision is stored. The session that it ended is to be ended before <see cref="Woken"/> answers by it.</summary>
    public static GroupStep Committed(GroupState state, long attempt)
        => state.Committing is { } committing && committing.Attempt == attempt
            ? GroupStep.Of(
                Learned(state, committing.Decided) with { Committing = null, Round = null }, new GroupEffect.Record(committing.Severity, committing.Text))
            : GroupStep.Of(state);

    /// <summary>Another process of the server was faster. <see cref="Woken"/> answers by what it decided.</summary>
    public static GroupState CommitOvertaken(GroupState state, long attempt, GroupRecord stored)
        => state.Committing?.Attempt == attempt ? Under(state, stored) with { Committing = null } : state;

    /// <summary>The store failed. Whether it stored the decision is not known; the next question reads it again.</summary>
    public static GroupStep CommitFailed(GroupState state, long attempt)
        => state.Committing?.Attempt == attempt
            ? new GroupStep(
                state with { Committing = null, Round = null, Held = [] },
                [
                    .. state.Held.Select(held => new GroupEffect.Refuse(
                        held.Id, StatusCode.Unavailable, "the control plane could not store a decision about the group, so nothing is decided; ask again")),
                ])
            : GroupStep.Of(state);

    /// <summary>Questions that nobody waits for any more, or nobody may ask any more.</summary>
    public static GroupState Dropped(GroupState state, Func<long, bool> concerned) => state with { Held = state.Held.RemoveAll(held => concerned(held.Id)) };

    /// <summary>The leader told who is in its group now, members that it does not reach included.</summary>
    public static GroupStep Reported(GroupState state, ImmutableArray<GroupRecordMember> members, GroupSession? session, DateTimeOffset now)
        => Woken(state with { Reported = members }, session, now);

    /// <summary>Time passed, the control session changed, or a decision was stored: answers what can be answered by now.</summary>
    public static GroupStep Woken(GroupState state, GroupSession? session, DateTimeOffset now)
    {
        var step = GroupStep.Of(Aged(state, session, now));
        if (step.State.Committing is null)
        {
            step = step.Then(TakeReport).Then(Settle).Then(known => Form(known, session, now)).Then(known => GroupLoss.Decide(known, session, now));
        }

        return step.Then(known => LetGo(known, now));
    }

    /// <summary>When <see cref="Woken"/> is to be called next; null: not by time.</summary>
    public static DateTimeOffset? NextWake(GroupState state, DateTimeOffset now)
    {
        var times = state.Held.Select(held => held.At + GroupRules.HoldLimit);
        if (state.Challenge is { Outcome: null } challenge)
        {
            times = times.Append(challenge.At + GroupRules.ChallengeDeadline);
        }

        if (state.Round is { } round)
        {
            times = times.Append(round.OpenedAt + GroupRules.Window).Append(round.OpenedAt + GroupRules.SilentSideLimit)
                .Concat(round.Views.Values.Select(view => view.At + GroupRules.ViewLife));
        }

        return times.Where(at => at > now).Select(at => (DateTimeOffset?)at).Min();
    }

    /// <summary>Whether the control session answers, as far as that is known now.</summary>
    internal static SessionProof Proof(GroupState state, GroupSession session, DateTimeOffset now) => (session, state.Challenge) switch
    {
        ({ Silent: true }, _) => SessionProof.Silent,
        // Nothing but its heartbeat can show that such a peer is gone.
        ({ Challengeable: false }, _) => SessionProof.Answers,
        _ when !GroupRules.IsOver(session.Since, GroupRules.ProofLife, now) => SessionProof.Answers,
        (_, null) => SessionProof.Unknown,
        (_, { Outcome: null }) => SessionProof.Open,
        (_, { } settled) when GroupRules.IsOver(settled.SettledAt, GroupRules.ProofLife, now) => SessionProof.Unknown,
        (_, { Outcome: ChallengeOutcome.Answered }) => SessionProof.Answers,
        _ => SessionProof.Silent,
    };

    internal static GroupStep Challenge(GroupState state, GroupSession session, DateTimeOffset now)
    {
        var attempt = state.Attempt + 1;
        return GroupStep.Of(
            state with { Attempt = attempt, Challenge = new SessionChallenge(attempt, session.StreamId, now, null, now) },
            new GroupEffect.Challenge(attempt, session.StreamId));
    }

    internal static GroupStep Commit(GroupState state, GroupRecord decided, string severity, string text)
    {
        var attempt = state.Attempt + 1;
        return GroupStep.Of(
            state with { Attempt = attempt, Committing = new GroupCommitting(attempt, state.Record.Generation, decided, severity, text) },
            new GroupEffect.Commit(attempt, state.Record.Generation, decided));
    }

    private static GroupState Under(GroupState state, GroupRecord record)
        => state with { Record = record, Round = null, Signs = state.Signs.RemoveRange(state.Signs.Keys.Where(id => !record.IsMember(id))) };

    /// <summary>What has lost its meaning by now is forgotten.</summary>
    private static GroupState Aged(GroupState state, GroupSession? session, DateTimeOffset now)
    {
        var challenge = state.Challenge;
        if (challenge?.StreamId != session?.StreamId)
        {
            challenge = null;
        }
        else if (challenge is { Outcome: null } && GroupRules.IsOver(challenge.At, GroupRules.ChallengeDeadline, now))
        {
            challenge = challenge with { Outcome = ChallengeOutcome.Unanswered, SettledAt = now };
        }

        var round = state.Round;
        if (round is not null)
        {
            var asking = state.Held.Select(held => held.Question.Asker).ToHashSet();
            var views = round.Views.RemoveRange(
                round.Views.Values.Where(view => !asking.Contains(view.Asker) && GroupRules.IsOver(view.At, GroupRules.ViewLife, now)).Select(view => view.Asker));
            round = views.IsEmpty ? null : round with { Views = views };
        }

        return state with { Challenge = challenge, Round = round };
    }

    private static GroupStep TakeReport(GroupState state)
    {
        var record = state.Record;
        var members = state.Reported.Where(member => !record.IsRemoved(member.GroupBootId)).DistinctBy(member => member.GroupBootId)
            .Take(GroupRecord.MaxMembers).ToImmutableArray();
        var taken = state with { Reported = [] };
        if (members.IsEmpty || members.ToHashSet().SetEquals(record.Members))
        {
            return GroupStep.Of(taken);
        }

        // Another group than the one that was decided about has the control session: that one is it, and who is left of the other may join it.
        if (!record.Members.IsEmpty && !members.Any(member => record.IsMember(member.GroupBootId)))
        {
            var decided = record.Decide(record.Generation + 1, members, record.Members.Select(member => member.GroupBootId), null);
            return Commit(
                taken, decided, "warn",
                $"group: generation {decided.Generation}: replicas {GroupNames.Of(members)} have the control session; "
                + $"replicas {GroupNames.Of(record.Members)} are not members any more");
        }

        return GroupStep.Of(taken with { Record = record with { Members = members } }, new GroupEffect.NoteMembers(record.Generation, members));
    }

    /// <summary>Answers what the record says already.</summary>
    private static GroupStep Settle(GroupState state)
    {
        var step = GroupStep.Of(state);
        foreach (var held in state.Committing is null ? state.Held : [])
        {
            if (Known(state, held) is { } answer)
            {
                step = step.Then(known => GroupStep.Of(known with { Held = known.Held.Remove(held) }, answer));
            }
        }

        return step;
    }

    private static GroupEffect.Answer? Known(GroupState state, HeldQuestion held)
    {
        var (record, question) = (state.Record, held.Question);
        if (record.IsRemoved(question.Asker))
        {
            return Tell(Verdict.Leave, $"this replica was removed from its group, which is at generation {record.Generation}; it may join again under a new group boot id");
        }

        if (question.Kind == Kind.Form)
        {
            return record.Grant?.Holder == question.Asker && record.Members.All(member => member.GroupBootId == question.Asker)
                ? Tell(Verdict.MayForm, $"no other member is known; generation {record.Generation}")
                : null;
        }

        if (question.Generation < record.Generation)
        {
            var knows = record.Members.Any(member => question.Reached.Contains(member.GroupBootId) || question.Unreached.Contains(member.GroupBootId));
            return knows
                ? Tell(Verdict.Stay, $"the group is at generation {record.Generation}")
                : Tell(Verdict.Leave, $"the group is at generation {record.Generation} and has none of the members that this replica knows; it may join under a new group boot id");
        }

        return question.Unreached.All(record.IsRemoved) ? Tell(Verdict.Stay, "those that are not reached are not members any more") : null;

        GroupEffect.Answer Tell(Verdict verdict, string reason) => new(held.Id, verdict, record, reason);
    }

    private static GroupStep Form(GroupState state, GroupSession? session, DateTimeOffset now)
    {
        var step = GroupStep.Of(state);
        foreach (var held in state.Held.Where(held => held.Question.Kind == Kind.Form))
        {
            if (step.State.Committing is null)
            {
                step = step.Then(known => Form(known, held, session, now));
            }
        }

        return step;
    }

    private static GroupStep Form(GroupState state, HeldQuestion held, GroupSession? session, DateTimeOffset now)
    {
        var (record, question) = (state.Record, held.Question);

        // A process has one group system at a time: what an earlier one of it left behind is in nobody's way.
        var other = session is null or { Silent: true } || session.IsOf(question.Identity) ? null : session;
        if (other?.GroupBootId is { } leader && record.IsMember(leader))
        {
            return Join($"the group is connected: {other.Holder} has the control session");
        }

        if (record.Grant is { } grant && grant.Holder != question.Asker && !GroupRules.IsOver(grant.At, GroupRules.SignLife, now))
        {
            return Join($"replica {GroupNames.Of(grant.Holder, record.Members)} was allowed to form the group {(now - grant.At).TotalSeconds:0} s ago");
        }

        foreach (var (id, at) in state.Signs)
        {
            if (id != question.Asker && record.IsMember(id) && !GroupRules.IsOver(at, GroupRules.SignLife, now))
            {
                return Join($"the group lives: its member {GroupNames.Of(id, record.Members)} asked or claimed {(now - at).TotalSeconds:0} s ago");
            }
        }

        if (state.Round is { } round && round.Views.Values.FirstOrDefault(view => view.Asker != question.Asker) is { } view)
        {
            return Join($"the group lives: its member {view.ReplicaId} asks who stays in it");
        }

        switch (other is null ? SessionProof.Silent : Proof(state, other, now))
        {
            case SessionProof.Answers:
                return Join($"{ClaimDecision.AlreadyConnected}: {other!.Holder} holds the control session");
            case SessionProof.Unknown:
                return Challenge(state, other!, now);
            case SessionProof.Open:
                return GroupStep.Of(state);
        }

        var removed = record.Members.Select(member => member.GroupBootId);
        if (session?.GroupBootId is { } silent)
        {
            removed = removed.Append(silent);
        }

        var decided = record.Decide(
            Math.Max(record.Generation, question.Generation) + 1, [new GroupRecordMember(question.Asker, question.Identity.ReplicaId)],
            removed.Where(id => id != question.Asker), new GroupGrant(question.Asker, now));
        var former = record.Members.Where(member => member.GroupBootId != question.Asker).ToImmutableArray();
        return Commit(
            state, decided, "info",
            $"group: generation {decided.Generation}: replica {question.Identity.ReplicaId} may form it"
            + (former.IsEmpty ? "" : $"; of the former members nobody was left ({GroupNames.Of(former)})"));

        GroupStep Join(string reason)
            => GroupStep.Of(state with { Held = state.Held.Remove(held) }, new GroupEffect.Answer(held.Id, Verdict.Join, record, reason));
    }

    /// <summary>Nobody is held for longer than its caller waits.</summary>
    private static GroupStep LetGo(GroupState state, DateTimeOffset now)
    {
        var over = state.Held.FindAll(held => GroupRules.IsOver(held.At, GroupRules.HoldLimit, now));
        return new GroupStep(
            state with { Held = state.Held.RemoveRange(over) },
            [.. over.Select(held => new GroupEffect.Answer(held.Id, Verdict.Wait, state.Record, "not decided yet"))]);
    }
}
