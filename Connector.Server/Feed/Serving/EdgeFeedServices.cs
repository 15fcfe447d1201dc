using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Feed.Serving;

/// <summary>What serving edges of their own takes.</summary>
internal sealed class EdgeFeedServices(
    TokenVerifier verifier, ControlDatabase database, EdgeCatalog catalog, EdgeDirectory directory, EdgeConnections connections, EdgeReportIntake intake,
    EdgeObservations observations, ControlPlaneFeed feed, TimeProvider time, ILoggerFactory loggers)
{
    public TokenVerifier Verifier => verifier;

    public string OrganizationId => database.OrganizationId;

    public EdgeCatalog Catalog => catalog;

    public EdgeDirectory Directory => directory;

    public EdgeConnections Connections => connections;

    public EdgeReportIntake Intake => intake;

    public EdgeObservations Observations => observations;

    public ControlPlaneFeed Feed => feed;

    public TimeProvider Time => time;

    public ILoggerFactory Loggers => loggers;

    /// <summary>The edge was deleted: its stream ends, replicas are told, what it said is forgotten.</summary>
    public async Task DeletedAsync(EdgeId edge, string name, CancellationToken cancellationToken)
    {
        connections.End(edge, Grpc.Core.StatusCode.Unauthenticated, EdgeFeedService.DeletedText(name));
        intake.Forget(edge);
        await directory.RefreshAsync(cancellationToken).ConfigureAwait(false);
    }
}
