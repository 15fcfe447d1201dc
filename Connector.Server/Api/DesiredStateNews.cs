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
}
