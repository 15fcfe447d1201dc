using System.Collections.Immutable;
using System.Security.Cryptography;
using Akka.Actor;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Google.Protobuf;
using Grpc.Core;
using Verdict = Connector.Protocol.Control.Wire.GroupVerdict.Types.Verdict;

namespace Connector.Server.Control;

/// <summary>
/// Answers the questions of a connector's group by <see cref="GroupDecision"/>. Belongs to the connector's entity and runs on its thread; store calls come
/// back to it as messages.
/// </summary>
internal sealed class GroupVerdicts(ControlServices services, ConnectorStoreCalls calls, IActorRef self, IGroupEntity entity)
{
    /// <summary>Of one connector; more are refused.</summary>
    public const int MaxPending = 64;

    private const int QuestionsPerSecond = 64;
    private const int QuestionBurst = 256;
    private const int NonceSize = 32;

    private readonly Dictionary<long, Pending> pending = [];
    private readonly RateBudget budget = new(QuestionsPerSecond, QuestionBurst, services.Time);
    private GroupState state = GroupState.Empty;
    private (long Attempt, byte[] Nonce) challenge;
    private bool noting;
    private bool unnoted;
    private long notes;
    private long lastQuestion;

    public bool IsIdle => state.IsIdle && pending.Count == 0;

    /// <summary>The last that is known to be stored.</summary>
    public GroupRecord Record => state.Record;

    private DateTimeOffset Now => services.Time.GetUtcNow();

    public void Ask(GroupProtocol.AskVerdict question, IActorRef asker)
    {
        if (pending.Count >= MaxPending || !budget.TryTake())
        {
            asker.Tell(GroupProtocol.Answered.Refused(
                StatusCode.ResourceExhausted,
                $"this connector's replicas ask more about their group than is answered (at most {QuestionsPerSecond} questions a second, {MaxPending} at once)",
                TimeSpan.FromSeconds(1)));
            return;
        }

        var id = ++lastQuestion;
        pending.Add(id, new Pending(question, asker, notes));
        calls.CheckQuestionAsync(id, question.TokenId).PipeTo(self);
    }

    public void OnChecked(ConnectorStoreCalls.QuestionChecked read)
    {
        if (!pending.TryGetValue(read.QuestionId, out var question))
        {
            return;
        }

        switch (read)
        {
            case { Failure: not null }:
                Refuse(read.QuestionId, StatusCode.Unavailable, "the control plane's store does not answer, so nothing is decided; ask again");
                break;
            case { Standing: TokenStanding.Valid }:
                Learn(read.Group);
                if (question.NotesBefore == notes && !noting && !unnoted)
                {
                    state = GroupDecision.MembersRead(state, read.Group);
                }

                Take(GroupDecision.Asked(state, read.QuestionId, question.Asked.Question, entity.Session, Now));
                break;
            case { Standing: TokenStanding.ConnectorDeleted }:
                Refuse(read.QuestionId, StatusCode.Cancelled, ClaimDecision.ConnectorDeleted);
                break;
            default:
                Refuse(
                    read.QuestionId, StatusCode.Unauthenticated,
                    read.Standing == TokenStanding.Revoked ? "the token was revoked" : "the token is not known to this control plane");
                break;
        }
    }

    /// <summary>The record was read from the store, or refused something.</summary>
    public void Learn(GroupRecord record) => Enter(GroupDecision.Learned(state, record), null);

    /// <summary>A group system claims the control session.</summary>
    public void OnClaim(GroupBootId id) => state = GroupDecision.Seen(state, id, Now);

    public void OnChallengeAnswered(long streamId, ReadOnlySpan<byte> nonce)
    {
        if (state.Challenge?.StreamId == streamId && state.Challenge.Attempt == challenge.Attempt
            && CryptographicOperations.FixedTimeEquals(challenge.Nonce, nonce))
        {
            Take(GroupDecision.ChallengeAnswered(state, challenge.Attempt, entity.Session, Now));
        }
    }

    public void OnDecided(ConnectorStoreCalls.GroupDecided decided)
    {
        switch (decided)
        {
            case { Commit: { } commit }:
                var committed = GroupDecision.Committed(state, decided.Attempt);
                Enter(committed.State, commit);
                Carry(committed.Effects);
                break;
            case { Stored: { } stored }:
                Enter(GroupDecision.CommitOvertaken(state, decided.Attempt, stored), null);
                break;
            default:
                Take(GroupDecision.CommitFailed(state, decided.Attempt));
                break;
        }

        Wake();
    }

    /// <param name="leader">Who has the control session; a member also when the report leaves it out.</param>
    public void OnReported(GroupRecordMember leader, ImmutableArray<ReportedMember> members)
    {
        if (state.Record.IsRemoved(leader.GroupBootId))
        {
            return;
        }

        var known = members.Where(member => member.GroupBootId is not null)
            .Select(member => new GroupRecordMember(member.GroupBootId!.Value, member.Identity.ReplicaId))
            .Append(new GroupRecordMember(leader.GroupBootId, leader.ReplicaId));
        Take(GroupDecision.Reported(state, [.. known], entity.Session, Now));
    }

    public void OnMembersNoted(ConnectorStoreCalls.MembersNoted noted)
    {
        noting = false;
        if (noted.Failure is not null)
        {
            unnoted = true;
        }
        else if (unnoted)
        {
            Note();
        }
    }

    public void OnJoinRead(ConnectorStoreCalls.JoinRead read)
    {
        if (!pending.TryGetValue(read.QuestionId, out var question) || question.Verdict is not { } verdict)
        {
            return;
        }

        if (read.Failure is not null)
        {
            Refuse(read.QuestionId, StatusCode.Unavailable, "the control plane's store does not answer; ask again");
            return;
        }

        if (read.State is not { } wanted)
        {
            Refuse(read.QuestionId, StatusCode.Cancelled, ClaimDecision.ConnectorDeleted);
            return;
        }

        Complete(verdict, question.Asked, wanted);
        var size = verdict.CalculateSize();
        if (size > services.Limits.MaxMessageSize)
        {
            Refuse(
                read.QuestionId, StatusCode.FailedPrecondition,
                $"the connector's whole configuration is {size} bytes long, a client takes {services.Limits.MaxMessageSize} at most; remove or shrink sockets or plugins");
            return;
        }

        Tell(read.QuestionId, verdict);
    }

    /// <summary>Time passed, or the control session changed.</summary>
    public void Wake() => Take(GroupDecision.Woken(state, entity.Session, Now));

    /// <summary>Now and then: what the store refused to note is noted again.</summary>
    public void Tick()
    {
        if (unnoted)
        {
            Note();
        }
    }

    public void OnTokenRevoked(string tokenId)
        => RefuseAll(question => question.Asked.TokenId == tokenId, StatusCode.Unauthenticated, "the token was revoked");

    public void OnDeleted() => RefuseAll(static _ => true, StatusCode.Cancelled, ClaimDecision.ConnectorDeleted);

    public void Stop() => RefuseAll(static _ => true, StatusCode.Unavailable, "the control plane stopped serving this connector; ask again");

    // ---- effects

    private void Take(GroupStep step)
    {
        Enter(step.State, null);
        Carry(step.Effects);
        entity.WakeAfter(GroupDecision.NextWake(state, Now) - Now);
    }

    /// <summary>The control session of who was removed ends before anybody hears of the decision.</summary>
    private void Enter(GroupState next, GroupCommit? commit)
    {
        var before = state.Record.Generation;
        state = next;
        if (state.Record.Generation != before || commit is not null)
        {
            entity.GroupDecided(state.Record, commit);
        }
    }

    private void Carry(ImmutableArray<GroupEffect> effects)
    {
        foreach (var effect in effects)
        {
            Carry(effect);
        }
    }

    private void Carry(GroupEffect effect)
    {
        switch (effect)
        {
            case GroupEffect.Answer answer:
                Answer(answer);
                break;
            case GroupEffect.Refuse refuse:
                Refuse(refuse.QuestionId, refuse.Code, refuse.Reason);
                break;
            case GroupEffect.Challenge made:
                challenge = (made.Attempt, RandomNumberGenerator.GetBytes(NonceSize));
                entity.Challenge(made.StreamId, challenge.Nonce);
                break;
            case GroupEffect.Commit commit:
                calls.DecideGroupAsync(commit).PipeTo(self);
                break;
            case GroupEffect.NoteMembers:
                Note();
                break;
            case GroupEffect.Record record:
                entity.Record(record.Severity, record.Message);
                break;
        }
    }

    private void Answer(GroupEffect.Answer answer)
    {
        if (!pending.TryGetValue(answer.QuestionId, out var question))
        {
            return;
        }

        var verdict = new GroupVerdict { Verdict = answer.Verdict, Generation = answer.Group.Generation, Reason = answer.Reason };
        switch (answer.Verdict)
        {
            case Verdict.Join:
                question.Verdict = verdict;
                calls.ReadForJoinAsync(answer.QuestionId).PipeTo(self);
                return;
            case Verdict.Stay:
                verdict.Removed.AddRange(answer.Group.Removed.Select(id => UnsafeByteOperations.UnsafeWrap(id.ToArray())));
                break;
            case Verdict.Wait:
                verdict.RetryAfterMs = (int)GroupRules.RetryAfter.TotalMilliseconds;
                break;
        }

        Tell(answer.QuestionId, verdict);
    }

    /// <summary>One write at a time, so that an older one does not come last.</summary>
    private void Note()
    {
        unnoted = noting;
        if (!noting)
        {
            noting = true;
            notes++;
            calls.NoteMembersAsync(state.Record.Generation, state.Record.Members).PipeTo(self);
        }
    }

    /// <summary>What a replica needs to serve without the group.</summary>
    private void Complete(GroupVerdict verdict, GroupProtocol.AskVerdict asked, ConnectorDesiredState wanted)
    {
        if (entity.Reached(asked.Question.Held) != wanted.Version)
        {
            // What cannot be read is recorded by the control session, which is told the same.
            verdict.Init = new DesiredStateMessages(withVersion: true, static _ => { }).Init(wanted).Init;
        }

        if (!services.Edges.Edges.IsDefault)
        {
            verdict.Edges = EdgeMessages.Of(services.Edges.Edges);
        }

        var now = Now;
        var ticket = ReplicaTickets.Issue(
            services.Issuer, asked.TokenId, asked.ConnectorId, asked.OrganizationId, asked.Question.Identity, now,
            ReplicaTickets.ExpiresAt(asked.TokenExpiresAt, now));
        verdict.Ticket = ticket;
    }

    private void RefuseAll(Func<Pending, bool> concerned, StatusCode code, string reason)
    {
        var ids = pending.Where(entry => concerned(entry.Value)).Select(entry => entry.Key).ToHashSet();
        state = GroupDecision.Dropped(state, ids.Contains);
        foreach (var id in ids)
        {
            Refuse(id, code, reason);
        }
    }

    private void Refuse(long questionId, StatusCode code, string reason) => Tell(questionId, GroupProtocol.Answered.Refused(code, reason));

    private void Tell(long questionId, GroupVerdict verdict) => Tell(questionId, new GroupProtocol.Answered(verdict, Grpc.Core.Status.DefaultSuccess));

    private void Tell(long questionId, GroupProtocol.Answered answer)
    {
        if (pending.Remove(questionId, out var question))
        {
            question.Asker.Tell(answer);
        }
    }

    private sealed class Pending(GroupProtocol.AskVerdict asked, IActorRef asker, long notesBefore)
    {
        public GroupProtocol.AskVerdict Asked => asked;

        public IActorRef Asker => asker;

        /// <summary>Writes of members begun before the store was asked; a later one makes what is read stale.</summary>
        public long NotesBefore => notesBefore;

        /// <summary>JOIN, while the desired state is read for it.</summary>
        public GroupVerdict? Verdict { get; set; }
    }
}
