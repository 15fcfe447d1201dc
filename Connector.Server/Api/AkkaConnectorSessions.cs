using Akka.Actor;
using Connector.Protocol.Ids;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Server.Api;

/// <summary>Asks the parent of the connector entities.</summary>
/// <param name="connectors">Called on each use: the actor may be made after the API.</param>
/// <param name="time">For the time limit.</param>
internal sealed class AkkaConnectorSessions(Func<IActorRef> connectors, TimeProvider time) : IConnectorSessions
{
    public const string Unknown = "unknown";

    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(3);

    public async Task<SessionState> GetAsync(ConnectorId connectorId, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(AnswerTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await connectors().Ask<SessionState>(new GetSession(connectorId), both.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is AskTimeoutException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return new SessionState(connectorId, Unknown, new SessionEpoch(0), null, null, null, [], []);
        }
    }

    public async Task<bool> DiscoverAsync(ConnectorId connectorId, PluginId pluginId, string requestId, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(AnswerTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return (await connectors().Ask<DiscoverAsked>(new DiscoverNow(connectorId, pluginId, requestId), both.Token).ConfigureAwait(false)).Sent;
        }
        catch (Exception exception) when (exception is AskTimeoutException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    public void DesiredStateChanged(ConnectorId connectorId) => connectors().Tell(new DesiredStateChanged(connectorId), ActorRefs.NoSender);

    public void ConnectorDeleted(ConnectorId connectorId) => connectors().Tell(new ConnectorDeleted(connectorId), ActorRefs.NoSender);

    public void TokenRevoked(ConnectorId connectorId, string tokenId)
        => connectors().Tell(new TokenRevoked(connectorId, tokenId), ActorRefs.NoSender);
}
