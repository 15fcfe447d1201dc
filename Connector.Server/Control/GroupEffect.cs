using System.Collections.Immutable;
using Connector.Server.Store;
using Grpc.Core;
using Verdict = Connector.Protocol.Control.Wire.GroupVerdict.Types.Verdict;

namespace Connector.Server.Control;

/// <summary>What has to be carried out after a step of the group rules, in order.</summary>
internal abstract record GroupEffect
{
    private GroupEffect()
    {
    }

    /// <summary>Answer the question; for <see cref="Verdict.Join"/> with what the asker needs to serve without the group.</summary>
    public sealed record Answer(long QuestionId, Verdict Verdict, GroupRecord Group, string Reason) : GroupEffect;

    /// <summary>The question cannot be answered.</summary>
    public sealed record Refuse(long QuestionId, StatusCode Code, string Reason) : GroupEffect;

    /// <summary>Challenge the control session; an answer comes back with the attempt.</summary>
    public sealed record Challenge(long Attempt, long StreamId) : GroupEffect;

    /// <summary>Store the decision; answered by Committed, CommitOvertaken or CommitFailed with the attempt.</summary>
    public sealed record Commit(long Attempt, long Expected, GroupRecord Decided) : GroupEffect;

    /// <summary>Store who the members are now.</summary>
    public sealed record NoteMembers(long Generation, ImmutableArray<GroupRecordMember> Members) : GroupEffect;

    /// <summary>A record for the connector's log.</summary>
    public sealed record Record(string Severity, string Message) : GroupEffect;
}
