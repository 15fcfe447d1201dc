using Connector.Protocol.Ids;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Xunit;

namespace Connector.Tests.Server.Store;

[Trait("kind", Kinds.Contract)]
public sealed class ControlStoreGroupTests : GroupStoreSuite
{
    private readonly OpenStore store = new(options => options.BusyTimeout = TimeSpan.FromSeconds(30));
    private readonly List<ControlDatabase> opened = [];

    [Fact]
    public async Task Group_goes_with_its_connector()
    {
        var connector = await CreateConnectorAsync();
        var id = GroupBootId.New();
        await store.Control.DecideGroupAsync(connector, 0, GroupRecord.None.Decide(1, [new GroupRecordMember(id, new ReplicaId("r"))], [], null), Cancellation);

        await store.Connectors.DeleteAsync(connector, Cancellation);

        Assert.Equal(0, (await store.Control.ReadGroupAsync(connector, Cancellation)).Generation);
        await Assert.ThrowsAsync<ControlStoreException>(() => store.Control.DecideGroupAsync(connector, 0, GroupRecord.None.Decide(1, [], [], null), Cancellation));
    }

    [Fact]
    public async Task Group_survives_a_restart()
    {
        var connector = await CreateConnectorAsync();
        var (one, two) = (GroupBootId.New(), GroupBootId.New());
        await store.Control.RaiseEpochAsync(connector, new SessionEpoch(0), two, Cancellation);
        await store.Control.DecideGroupAsync(connector, 0, GroupRecord.None.Decide(1, [new GroupRecordMember(two, new ReplicaId("r"))], [one], null), Cancellation);

        store.Restart();

        var record = await store.Control.ReadGroupAsync(connector, Cancellation);
        Assert.Equal((1, true, true), (record.Generation, record.IsMember(two), record.IsRemoved(one)));
        var commit = await store.Control.DecideGroupAsync(connector, 1, record.Decide(2, [], [two], null), Cancellation);
        Assert.Equal(new GroupCommit(new SessionEpoch(2), true), commit);
    }

    private protected override IControlStore Open()
    {
        var database = ControlDatabase.Open(store.Options, TimeProvider.System);
        opened.Add(database);
        return new ControlStore(database, new ConnectorLogs(database, store.Options), store.Options);
    }

    protected override Task<ConnectorId> CreateConnectorAsync() => store.CreateConnectorAsync($"c{Guid.NewGuid():N}");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            opened.ForEach(database => database.Dispose());
            store.Dispose();
        }
    }
}
