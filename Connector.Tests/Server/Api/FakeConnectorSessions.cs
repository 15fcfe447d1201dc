using System.Collections.Concurrent;
using Connector.Protocol.Ids;
using Connector.Server.Api;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Tests.Server.Api;

/// <summary>Answers what the test sets, offline otherwise, and notes what it is told.</summary>
internal sealed class FakeConnectorSessions : IConnectorSessions
{
    public ConcurrentDictionary<ConnectorId, SessionState> States { get; } = new();

    public ConcurrentQueue<string> Told { get; } = new();

    public Task<SessionState> GetAsync(ConnectorId connectorId, CancellationToken cancellationToken)
        => Task.FromResult(States.GetValueOrDefault(connectorId)
            ?? new SessionState(connectorId, "offline", new SessionEpoch(0), null, null, null, [], []));

    public Task<bool> DiscoverAsync(ConnectorId connectorId, PluginId pluginId, string requestId, CancellationToken cancellationToken)
    {
        Told.Enqueue($"discover {connectorId} {pluginId}");
        return Task.FromResult(States.GetValueOrDefault(connectorId)?.State == "online");
    }

    public void DesiredStateChanged(ConnectorId connectorId) => Told.Enqueue($"changed {connectorId}");

    public void ConnectorDeleted(ConnectorId connectorId) => Told.Enqueue($"deleted {connectorId}");

    public void TokenRevoked(ConnectorId connectorId, string tokenId) => Told.Enqueue($"revoked {connectorId} {tokenId}");
}
