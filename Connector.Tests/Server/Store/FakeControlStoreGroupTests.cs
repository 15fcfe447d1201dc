using Connector.Protocol.Ids;
using Connector.Server.Store;
using Connector.Tests.Server.Control;
using Xunit;

namespace Connector.Tests.Server.Store;

/// <summary>The store in memory that other tests use keeps what the real one promises.</summary>
[Trait("kind", Kinds.Pure)]
public sealed class FakeControlStoreGroupTests : GroupStoreSuite
{
    private readonly FakeControlStore store = new();
    private int connectors;

    private protected override IControlStore Open() => store;

    protected override Task<ConnectorId> CreateConnectorAsync() => Task.FromResult(new ConnectorId($"c{++connectors}"));

    protected override void Dispose(bool disposing)
    {
    }
}
