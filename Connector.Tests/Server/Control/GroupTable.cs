using System.Collections.Immutable;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Connector.Server.Store;
using Grpc.Core;
using Xunit;

namespace Connector.Tests.Server.Control;

/// <summary>The group rules at a table: time moves by hand, the store is a record, and whoever sits there may be a second process of the server.</summary>
internal sealed class GroupTable(GroupTable.Shelf shelf)
{
    private readonly Queue<GroupEffect.Commit> commits = new();
    private long lastQuestion;

    public GroupTable()
        : this(new Shelf())
    {
    }

    public GroupState State { get; private set; } = GroupState.Empty;

    public Shelf Store => shelf;

    public GroupSession? Session { get; private set; }

    public DateTimeOffset Now { get; private set; } = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    /// <summary>False: decisions wait for <see cref="StoreOne"/>.</summary>
    public bool StoresAtOnce { get; set; } = true;

    public Dictionary<long, GroupEffect> Answers { get; } = [];

    public List<GroupEffect.Challenge> Challenges { get; } = [];

    public List<string> Records { get; } = [];

    public int Commits { get; private set; }

    public bool HasUnstored => commits.Count > 0;

    public long Form(Replica replica, long generation = 0) => Ask(replica, GroupQuestionBody.Types.Kind.Form, generation, [], []);

    public long Loss(Replica replica, long generation, Replica[] reached, params Replica[] unreached)
        => Ask(replica, GroupQuestionBody.Types.Kind.Loss, generation, reached, unreached);

    public long Ask(Replica replica, GroupQuestionBody.Types.Kind kind, long generation, Replica[] reached, Replica[] unreached)
    {
        var question = new VerifiedQuestion(
            replica.Identity, replica.Id, kind, generation, [replica.Id, .. reached.Select(other => other.Id)], [.. unreached.Select(other => other.Id)],
            DesiredStateVersion.None, "1.0");
        var id = ++lastQuestion;
        Learn();
        Take(GroupDecision.Asked(State, id, question, Session, Now));
        return id;
    }

    /// <summary>What the entity does when it reads the store.</summary>
    public void Learn() => State = GroupDecision.MembersRead(GroupDecision.Learned(State, shelf.Record), shelf.Record);

    public void Advance(double milliseconds)
    {
        // Only when the rules have asked for it, as the entity's timer does.
        var until = Now + TimeSpan.FromMilliseconds(milliseconds);
        while (GroupDecision.NextWake(State, Now) is { } wake && wake <= until)
        {
            Now = wake;
            Take(GroupDecision.Woken(State, Session, Now));
        }

        Now = until;
    }

    /// <param name="alone">A process without a group.</param>
    public void Connect(Replica replica, bool alone = false, bool challengeable = true, double secondsAgo = 60)
    {
        Session = new GroupSession(
            (Session?.StreamId ?? 0) + 1, alone ? null : replica.Id, replica.Identity, Now - TimeSpan.FromSeconds(secondsAgo), challengeable, false,
            $"replica {replica.Name}");
        Take(GroupDecision.Woken(State, Session, Now));
    }

    public void GoSilent()
    {
        Session = Session! with { Silent = true };
        Take(GroupDecision.Woken(State, Session, Now));
    }

    public void Disconnect()
    {
        Session = null;
        Take(GroupDecision.Woken(State, null, Now));
    }

    public void AnswerChallenge(int index = -1)
        => Take(GroupDecision.ChallengeAnswered(State, (index < 0 ? Challenges[^1] : Challenges[index]).Attempt, Session, Now));

    public void Report(params Replica[] members)
        => Take(GroupDecision.Reported(State, [.. members.Select(member => new GroupRecordMember(member.Id, member.Identity.ReplicaId))], Session, Now));

    public void Claim(Replica replica) => State = GroupDecision.Seen(State, replica.Id, Now);

    /// <summary>The oldest decision reaches the store; the session of who was removed ends, as by the entity.</summary>
    public void StoreOne()
    {
        var commit = commits.Dequeue();
        if (shelf.TryStore(commit))
        {
            Take(GroupDecision.Committed(State, commit.Attempt));
            EndRemoved();
        }
        else
        {
            State = GroupDecision.CommitOvertaken(State, commit.Attempt, shelf.Record);
            EndRemoved();
        }

        Take(GroupDecision.Woken(State, Session, Now));
    }

    /// <param name="stored">Whether it got there all the same.</param>
    public void FailOne(bool stored = false)
    {
        var commit = commits.Dequeue();
        if (stored)
        {
            shelf.TryStore(commit);
        }

        Take(GroupDecision.CommitFailed(State, commit.Attempt));
        Take(GroupDecision.Woken(State, Session, Now));
    }

    public GroupVerdict.Types.Verdict? Verdict(long question) => Answers.GetValueOrDefault(question) switch
    {
        GroupEffect.Answer answer => answer.Verdict,
        null => null,
        var other => throw new InvalidOperationException($"question {question} was refused: {other}"),
    };

    public GroupEffect.Answer Answer(long question) => Assert.IsType<GroupEffect.Answer>(Answers.GetValueOrDefault(question));

    public void EndRemoved()
    {
        if (Session?.GroupBootId is { } id && State.Record.IsRemoved(id))
        {
            Session = null;
        }
    }

    private void Take(GroupStep step)
    {
        State = step.State;
        foreach (var effect in step.Effects)
        {
            switch (effect)
            {
                case GroupEffect.Answer answer:
                    Answers.Add(answer.QuestionId, answer);
                    break;
                case GroupEffect.Refuse refuse:
                    Assert.Equal(StatusCode.Unavailable, refuse.Code);
                    Answers.Add(refuse.QuestionId, refuse);
                    break;
                case GroupEffect.Challenge challenge:
                    Assert.Equal(Session?.StreamId, challenge.StreamId);
                    Challenges.Add(challenge);
                    break;
                case GroupEffect.Commit commit:
                    Commits++;
                    commits.Enqueue(commit);
                    break;
                case GroupEffect.NoteMembers note:
                    shelf.Note(note);
                    break;
                case GroupEffect.Record record:
                    Records.Add($"{record.Severity} {record.Message}");
                    break;
            }
        }

        while (StoresAtOnce && commits.Count > 0)
        {
            StoreOne();
        }
    }

    /// <summary>What both processes of the server see.</summary>
    internal sealed class Shelf
    {
        public GroupRecord Record { get; set; } = GroupRecord.None;

        public List<GroupRecord> History { get; } = [GroupRecord.None];

        public bool TryStore(GroupEffect.Commit commit)
        {
            if (Record.Generation != commit.Expected)
            {
                return false;
            }

            Record = commit.Decided;
            History.Add(Record);
            return true;
        }

        public void Note(GroupEffect.NoteMembers note)
        {
            if (Record.Generation == note.Generation)
            {
                Record = Record with { Members = note.Members };
            }
        }
    }

    /// <summary>A replica whose group system has one group boot id; <see cref="Again"/> is its next one.</summary>
    internal sealed record Replica(string Name, GroupBootId Id, ClaimIdentity Identity)
    {
        public static Replica Of(string name)
            => new(name, GroupBootId.New(), new ClaimIdentity(new ReplicaId(name), BootId.New(), new KeyThumbprint($"key of {name}")));

        /// <summary>The same process after its group system was replaced.</summary>
        public Replica Again() => this with { Id = GroupBootId.New() };

        public GroupRecordMember Member => new(Id, Identity.ReplicaId);
    }
}
