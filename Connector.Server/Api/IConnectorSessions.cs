using Connector.Protocol.Ids;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Server.Api;

/// <summary>What the API asks and tells the control sessions.</summary>
internal interface IConnectorSessions
{
    /// <summary>The state's name is "unknown" when nobody answered in time.</summary>
    Task<SessionState> GetAsync(ConnectorId connectorId, CancellationToken cancellationToken);

    /// <summary>Asks the connector to scan now. False when it is not connected.</summary>
    Task<bool> DiscoverAsync(ConnectorId connectorId, PluginId pluginId, string requestId, CancellationToken cancellationToken);

    void DesiredStateChanged(ConnectorId connectorId);

    void ConnectorDeleted(ConnectorId connectorId);

    void TokenRevoked(ConnectorId connectorId, string tokenId);
}
