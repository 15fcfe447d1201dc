using Connector.Protocol.Ids;
using Connector.Server.Feed;

namespace Connector.Server.Api;

/// <summary>Tells control sessions and edges of a change, after it was committed.</summary>
internal sealed class DesiredStateNews(IConnectorSessions sessions, ControlPlaneFeed feed)
{
    public void Changed(IEnumerable<ConnectorId> connectors)
    {
        feed.Changed();
        foreach (var connector in connectors)
        {
            sessions.DesiredStateChanged(connector);
        }
    }

    public void Deleted(ConnectorId connector)
    {
        feed.Changed();
        sessions.ConnectorDeleted(connector);
    }

    /// <summary>Edges end the links whose ticket was issued under the token, the control session with it is ended.</summary>
    public void TokenRevoked(ConnectorId connector, string tokenId)
    {
        feed.Changed();
        sessions.TokenRevoked(connector, tokenId);
    }
}
