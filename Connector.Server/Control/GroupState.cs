using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Store;

namespace Connector.Server.Control;

/// <summary>What is known and asked about the group of one connector. Only the record outlives the entity.</summary>
internal sealed record GroupState
{
    public static readonly GroupState Empty = new();

    /// <summary>The last that is known to be stored.</summary>
    public GroupRecord Record { get; init; } = GroupRecord.None;

    /// <summary>Questions that wait for their answer, in the order in which they came; one of each asker.</summary>
    public ImmutableList<HeldQuestion> Held { get; init; } = [];

    public LossRound? Round { get; init; }

    public SessionChallenge? Challenge { get; init; }

    /// <summary>The decision that is being stored. Meanwhile nothing else is decided.</summary>
    public GroupCommitting? Committing { get; init; }

    /// <summary>What the leader reported while a decision was being stored.</summary>
    public ImmutableArray<GroupRecordMember> Reported { get; init; } = [];

    /// <summary>When members asked or claimed last.</summary>
    public ImmutableDictionary<GroupBootId, DateTimeOffset> Signs { get; init; } = ImmutableDictionary<GroupBootId, DateTimeOffset>.Empty;

    /// <summary>Tags challenges and decisions; results of older attempts are dropped.</summary>
    public long Attempt { get; init; }

    public bool IsIdle => Held.IsEmpty && Round is null && Committing is null;
}

/// <param name="Id">Unique in the entity.</param>
internal sealed record HeldQuestion(long Id, VerifiedQuestion Question, DateTimeOffset At);

/// <param name="Severity">Of the record about it.</param>
/// <param name="Text">For that record, once the decision is stored.</param>
internal sealed record GroupCommitting(long Attempt, long Expected, GroupRecord Decided, string Severity, string Text);
