using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Xunit;

namespace Connector.Tests.Server.Store;

/// <summary>What every store owes the group rules. The one in memory that other tests use passes it too.</summary>
public abstract class GroupStoreSuite : IDisposable
{
    private static readonly DateTimeOffset At = DateTimeOffset.FromUnixTimeMilliseconds(1_795_000_000_123);
    private readonly GroupBootId a = GroupBootId.New();
    private readonly GroupBootId b = GroupBootId.New();
    private readonly GroupBootId c = GroupBootId.New();

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The store under test. Each is as if another process had opened it.</summary>
    private protected abstract IControlStore Open();

    protected abstract Task<ConnectorId> CreateConnectorAsync();

    [Fact]
    public async Task Group_without_a_decision_has_generation_0()
    {
        var record = await Open().ReadGroupAsync(await CreateConnectorAsync(), Cancellation);

        Assert.Equal(0, record.Generation);
        Assert.Empty(record.Members);
        Assert.Empty(record.Removed);
        Assert.Null(record.Grant);
    }

    [Fact]
    public async Task Decision_is_read_back_whole_also_by_another_process()
    {
        var connector = await CreateConnectorAsync();
        var store = Open();
        var first = GroupRecord.None.Decide(1, [Member(a, "r-a")], [], new GroupGrant(a, At));
        await store.DecideGroupAsync(connector, 0, first, Cancellation);
        AssertSame(first, await Open().ReadGroupAsync(connector, Cancellation));

        var second = first.Decide(2, [Member(b, "r-ü\"b"), Member(c, "")], [a], null);
        await store.DecideGroupAsync(connector, 1, second, Cancellation);

        AssertSame(second, await Open().ReadGroupAsync(connector, Cancellation));
    }

    [Fact]
    public async Task Decision_from_another_generation_is_refused_with_the_stored_one_and_changes_nothing()
    {
        var connector = await CreateConnectorAsync();
        var store = Open();
        var stored = GroupRecord.None.Decide(1, [Member(a, "r-a")], [], new GroupGrant(a, At));
        await store.DecideGroupAsync(connector, 0, stored, Cancellation);

        foreach (var expected in (long[])[0, 2])
        {
            var stale = await Assert.ThrowsAsync<StaleGenerationException>(
                () => store.DecideGroupAsync(connector, expected, stored.Decide(expected + 1, [Member(b, "r-b")], [a], null), Cancellation));
            AssertSame(stored, stale.Stored);
        }

        AssertSame(stored, await store.ReadGroupAsync(connector, Cancellation));
    }

    [Fact]
    public async Task Generation_does_not_go_back()
    {
        var connector = await CreateConnectorAsync();
        var store = Open();
        await store.DecideGroupAsync(connector, 0, GroupRecord.None.Decide(5, [], [], null), Cancellation);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => store.DecideGroupAsync(connector, 5, GroupRecord.None.Decide(5, [], [], null), Cancellation));
    }

    [Fact]
    public async Task Each_generation_is_won_by_one_of_many_processes()
    {
        var connector = await CreateConnectorAsync();
        IControlStore[] stores = [Open(), Open()];
        for (var round = 0; round < 10; round++)
        {
            var known = await stores[0].ReadGroupAsync(connector, Cancellation);
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(async index =>
            {
                var mine = known.Decide(known.Generation + 1, [Member(GroupBootId.New(), $"r-{index}")], known.Members.Select(member => member.GroupBootId), null);
                try
                {
                    await stores[index % 2].DecideGroupAsync(connector, known.Generation, mine, Cancellation);
                    return mine;
                }
                catch (StaleGenerationException)
                {
                    return null;
                }
            }));

            AssertSame(Assert.Single(outcomes, won => won is not null)!, await stores[1].ReadGroupAsync(connector, Cancellation));
        }
    }

    [Fact]
    public async Task Removal_of_the_one_with_the_control_session_ends_its_epoch_in_the_same_step()
    {
        var connector = await CreateConnectorAsync();
        var store = Open();
        var epoch = await store.RaiseEpochAsync(connector, new SessionEpoch(0), a, Cancellation);
        await store.AppendLogsAsync(connector, epoch, [OpenStore.Record("before")], null, Cancellation);

        var commit = await store.DecideGroupAsync(connector, 0, GroupRecord.None.Decide(1, [Member(b, "r-b")], [a], null), Cancellation);

        Assert.Equal(new GroupCommit(new SessionEpoch(2), true), commit);
        var stale = await Assert.ThrowsAsync<StaleEpochException>(
            () => store.AppendLogsAsync(connector, epoch, [OpenStore.Record("after")], null, Cancellation));
        Assert.Equal(new SessionEpoch(2), stale.Stored);
        Assert.Equal(new SessionEpoch(3), await store.RaiseEpochAsync(connector, new SessionEpoch(2), b, Cancellation));
    }

    [Fact]
    public async Task Removal_of_others_leaves_the_control_session_alone()
    {
        var connector = await CreateConnectorAsync();
        var store = Open();
        var epoch = await store.RaiseEpochAsync(connector, new SessionEpoch(0), a, Cancellation);

        Assert.Equal(
            new GroupCommit(epoch, false), await store.DecideGroupAsync(connector, 0, GroupRecord.None.Decide(1, [Member(a, "r-a")], [b], null), Cancellation));

        // Nor that of a replica that runs alone.
        epoch = await store.RaiseEpochAsync(connector, epoch, null, Cancellation);
        Assert.Equal(
            new GroupCommit(epoch, false), await store.DecideGroupAsync(connector, 1, GroupRecord.None.Decide(2, [Member(c, "r-c")], [a, b], null), Cancellation));
        await store.AppendLogsAsync(connector, epoch, [OpenStore.Record("still")], null, Cancellation);
    }

    [Fact]
    public async Task Claim_of_a_removed_member_raises_nothing()
    {
        var connector = await CreateConnectorAsync();
        var store = Open();
        await store.DecideGroupAsync(connector, 0, GroupRecord.None.Decide(1, [Member(b, "r-b")], [a], null), Cancellation);

        var removed = await Assert.ThrowsAsync<RemovedFromGroupException>(() => Open().RaiseEpochAsync(connector, new SessionEpoch(0), a, Cancellation));

        Assert.Equal(1, removed.Stored.Generation);
        Assert.Equal(new SessionEpoch(0), await store.ReadEpochAsync(connector, Cancellation));
        Assert.Equal(new SessionEpoch(1), await store.RaiseEpochAsync(connector, new SessionEpoch(0), b, Cancellation));
    }

    [Fact]
    public async Task Claim_and_removal_at_once_never_leave_a_removed_member_with_the_epoch()
    {
        for (var round = 0; round < 10; round++)
        {
            var connector = await CreateConnectorAsync();
            var (one, two) = (Open(), Open());
            var claim = Task.Run(
                async () =>
                {
                    try
                    {
                        return await one.RaiseEpochAsync(connector, new SessionEpoch(0), a, Cancellation);
                    }
                    catch (RemovedFromGroupException)
                    {
                        return default;
                    }
                },
                Cancellation);
            var decision = Task.Run(() => two.DecideGroupAsync(connector, 0, GroupRecord.None.Decide(1, [Member(b, "r-b")], [a], null), Cancellation), Cancellation);
            var (raised, commit) = (await claim, await decision);

            // Either the claim came first and its epoch is over, or it was refused.
            Assert.Equal(raised != default, commit.Fenced);
            Assert.Equal(new SessionEpoch(commit.Fenced ? 2 : 0), await one.ReadEpochAsync(connector, Cancellation));
        }
    }

    [Fact]
    public async Task Members_are_noted_for_the_present_generation_only()
    {
        var connector = await CreateConnectorAsync();
        var store = Open();
        Assert.False(await store.NoteGroupMembersAsync(connector, 0, [Member(a, "r-a")], Cancellation));
        var decided = GroupRecord.None.Decide(1, [Member(a, "r-a")], [c], new GroupGrant(a, At));
        await store.DecideGroupAsync(connector, 0, decided, Cancellation);

        Assert.True(await store.NoteGroupMembersAsync(connector, 1, [Member(a, "r-a"), Member(b, "r-b")], Cancellation));
        AssertSame(decided with { Members = [Member(a, "r-a"), Member(b, "r-b")] }, await Open().ReadGroupAsync(connector, Cancellation));

        Assert.False(await store.NoteGroupMembersAsync(connector, 2, [Member(c, "r-c")], Cancellation));
        Assert.Equal(2, (await store.ReadGroupAsync(connector, Cancellation)).Members.Length);
    }

    [Fact]
    public async Task Largest_record_is_stored_and_the_oldest_removed_are_forgotten()
    {
        var connector = await CreateConnectorAsync();
        var store = Open();
        var removed = Enumerable.Range(0, 300).Select(_ => GroupBootId.New()).ToImmutableArray();
        var members = Enumerable.Range(0, 200).Select(index => Member(GroupBootId.New(), new string('ü', 128) + index));
        var record = GroupRecord.None.Decide(1, members, removed, null);
        Assert.Equal((GroupRecord.MaxMembers, GroupRecord.MaxRemoved), (record.Members.Length, record.Removed.Length));

        await store.DecideGroupAsync(connector, 0, record, Cancellation);

        AssertSame(record, await Open().ReadGroupAsync(connector, Cancellation));
        Assert.Equal(removed[^256..], record.Removed);
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);

    private static GroupRecordMember Member(GroupBootId id, string replicaId) => new(id, new ReplicaId(replicaId));

    private static void AssertSame(GroupRecord expected, GroupRecord actual)
    {
        Assert.Equal(expected.Generation, actual.Generation);
        Assert.Equal(expected.Members, actual.Members);
        Assert.Equal(expected.Removed, actual.Removed);
        Assert.Equal(expected.Grant, actual.Grant);
    }
}
