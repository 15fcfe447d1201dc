using System.Collections.Immutable;
using Akka.Actor;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Control;

/// <summary>The store calls of one connector's entity: each has a deadline, and each ends in a message that says how it went. None throws.</summary>
internal sealed class ConnectorStoreCalls(
    IControlStore store, ConnectorId connectorId, TimeSpan limit, TimeProvider time, ILogger logger, CancellationToken stopped)
{
    public async Task<TokenChecked> CheckTokenAsync(Claim claim)
    {
        try
        {
            var standing = await BoundedAsync(token => store.CheckTokenAsync(connectorId, claim.TokenId, token)).ConfigureAwait(false);
            var group = standing == TokenStanding.Valid && claim.GroupBootId is not null
                ? await BoundedAsync(token => store.ReadGroupAsync(connectorId, token)).ConfigureAwait(false)
                : null;
            return new TokenChecked(claim.StreamId, standing, null) { Group = group };
        }
        catch (Exception exception)
        {
            logger.LogTokenCheckFailed(connectorId, exception.Message);
            return new TokenChecked(claim.StreamId, TokenStanding.UnknownToken, exception);
        }
    }

    public async Task<EpochResult> RaiseEpochAsync(SessionEffect.RaiseEpoch raise)
    {
        try
        {
            var expected = raise.Expected ?? await BoundedAsync(token => store.ReadEpochAsync(connectorId, token)).ConfigureAwait(false);
            return new EpochResult(raise.Attempt, await BoundedAsync(token => store.RaiseEpochAsync(connectorId, expected, raise.Claim.GroupBootId, token)).ConfigureAwait(false), null);
        }
        catch (RemovedFromGroupException exception)
        {
            return new EpochResult(raise.Attempt, null, null) { RemovedBy = exception.Stored };
        }
        catch (StaleEpochException exception)
        {
            return new EpochResult(raise.Attempt, null, exception.Stored);
        }
        catch (Exception exception)
        {
            logger.LogEpochFailed(connectorId, exception.Message);
            return new EpochResult(raise.Attempt, null, null);
        }
    }

    public async Task<DesiredStateRead> ReadDesiredStateAsync(long attempt)
    {
        try
        {
            return new DesiredStateRead(
                attempt, await BoundedAsync(token => store.ReadDesiredStateAsync(connectorId, token)).ConfigureAwait(false), null);
        }
        catch (Exception exception)
        {
            return new DesiredStateRead(attempt, null, exception);
        }
    }

    public async Task<EpochRead> ReadEpochAsync()
    {
        try
        {
            return new EpochRead(await BoundedAsync(token => store.ReadEpochAsync(connectorId, token)).ConfigureAwait(false), null);
        }
        catch (Exception exception)
        {
            return new EpochRead(null, exception);
        }
    }

    public async Task<QuestionChecked> CheckQuestionAsync(long questionId, string tokenId)
    {
        try
        {
            var standing = await BoundedAsync(token => store.CheckTokenAsync(connectorId, tokenId, token)).ConfigureAwait(false);
            var group = standing == TokenStanding.Valid
                ? await BoundedAsync(token => store.ReadGroupAsync(connectorId, token)).ConfigureAwait(false)
                : GroupRecord.None;
            return new QuestionChecked(questionId, standing, group, null);
        }
        catch (Exception exception)
        {
            logger.LogQuestionFailed(connectorId, exception.Message);
            return new QuestionChecked(questionId, TokenStanding.UnknownToken, GroupRecord.None, exception);
        }
    }

    public async Task<GroupDecided> DecideGroupAsync(GroupEffect.Commit commit)
    {
        try
        {
            var stored = await BoundedAsync(token => store.DecideGroupAsync(connectorId, commit.Expected, commit.Decided, token)).ConfigureAwait(false);
            return new GroupDecided(commit.Attempt, stored, null);
        }
        catch (StaleGenerationException exception)
        {
            return new GroupDecided(commit.Attempt, null, exception.Stored);
        }
        catch (Exception exception)
        {
            logger.LogGroupFailed(connectorId, exception.Message);
            return new GroupDecided(commit.Attempt, null, null);
        }
    }

    public async Task<MembersNoted> NoteMembersAsync(long generation, ImmutableArray<GroupRecordMember> members)
    {
        try
        {
            await BoundedAsync(token => store.NoteGroupMembersAsync(connectorId, generation, members, token)).ConfigureAwait(false);
            return new MembersNoted(null);
        }
        catch (Exception exception)
        {
            logger.LogGroupFailed(connectorId, exception.Message);
            return new MembersNoted(exception);
        }
    }

    public async Task<JoinRead> ReadForJoinAsync(long questionId)
    {
        var read = await ReadDesiredStateAsync(0).ConfigureAwait(false);
        return new JoinRead(questionId, read.State, read.Failure);
    }

    private async Task<T> BoundedAsync<T>(Func<CancellationToken, Task<T>> call)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stopped);
        return await call(either.Token).WaitAsync(either.Token).ConfigureAwait(false);
    }

    internal sealed record TokenChecked(long StreamId, TokenStanding Standing, Exception? Failure) : INoSerializationVerificationNeeded
    {
        /// <summary>Read for a claim of a group's member.</summary>
        public GroupRecord? Group { get; init; }
    }

    internal sealed record EpochResult(long Attempt, SessionEpoch? Raised, SessionEpoch? Stored) : INoSerializationVerificationNeeded
    {
        /// <summary>The claimer was removed from its group; nothing was raised.</summary>
        public GroupRecord? RemovedBy { get; init; }
    }

    internal sealed record QuestionChecked(long QuestionId, TokenStanding Standing, GroupRecord Group, Exception? Failure) : INoSerializationVerificationNeeded;

    /// <param name="Stored">What another process had decided, when that was faster. Neither: the store failed.</param>
    internal sealed record GroupDecided(long Attempt, GroupCommit? Commit, GroupRecord? Stored) : INoSerializationVerificationNeeded;

    internal sealed record MembersNoted(Exception? Failure) : INoSerializationVerificationNeeded;

    internal sealed record JoinRead(long QuestionId, ConnectorDesiredState? State, Exception? Failure) : INoSerializationVerificationNeeded;

    internal sealed record EpochRead(SessionEpoch? Epoch, Exception? Failure) : INoSerializationVerificationNeeded;

    internal sealed record DesiredStateRead(long Attempt, ConnectorDesiredState? State, Exception? Failure) : INoSerializationVerificationNeeded;
}
